/**
 * The Pico's SPI controller as DeviceScript 2.16 drives it, errata included,
 * and the chips on its bus.
 */

/** A chip behind a chip select. */
export interface SpiDevice {
    /** Chip select went low (true) or high (false). */
    select(selected: boolean): void
    /**
     * One transfer while selected.
     * @param data what the controller sends; replaced by what the chip answers
     */
    exchange(data: Uint8Array, hz: number): void
    /** Clocks with the chip not selected. @param bytes how many bytes' worth */
    idleClocks?(bytes: number, hz: number): void
}

/** A wire of the bus that all chips share. */
export type BusWire = "miso" | "mosi" | "sck"

/** RP2040 peripheral clock, as the firmware sets it. */
const PERIPHERAL_HZ = 125_000_000
/** The PL022's FIFOs. */
const FIFO_BYTES = 8
/** FIFO and shift register: what a send-only transfer leaves on its way. */
const TAIL_BYTES = 9
const MAX_TRANSFER = 4096
/**
 * What a line reads that nobody drives. At the card, data lines have pull-ups
 * (SD Physical Layer, chapter 6); a pad of the RP2040 with nothing on it has its own
 * pull-down, which is on after reset (RP2040 datasheet 2.19.6.3).
 */
const PULLED_UP = 0xff
const PULLED_DOWN = 0x00

/** The fastest rate of the PL022 that is not above `wish`. */
export function pl022Rate(wish: number) {
    for (let prescale = 2; prescale <= 254; prescale += 2)
        for (let post = 1; post <= 256; post++) {
            const hz = PERIPHERAL_HZ / (prescale * post)
            if (hz <= wish) return hz
        }
    return PERIPHERAL_HZ / (254 * 256)
}

/** RP2040 datasheet 1.4.3: SPI0 or SPI1 by GPIO number. */
export function rp2040SpiOfPin(gpio: number) {
    return (gpio >> 3) & 1
}

/**
 * Changes bytes on their way: what goes out to a device, before it gets them,
 * or what comes in from it.
 */
export type SpiNoise = (
    device: SpiDevice,
    data: Uint8Array,
    when: "out" | "in",
) => void

export class SpiController {
    /** set by tests: bit errors on the bus */
    noise?: SpiNoise
    /** wires that are open at the controller */
    readonly open = new Set<BusWire>()
    /** chips that hold MISO low while they are not selected */
    readonly holding = new Set<SpiDevice>()
    private readonly devices: SpiDevice[] = []
    private selected: readonly SpiDevice[] = []
    private hz = 0
    private nextMode: "duplex" | "send" | "receive" = "duplex"
    /** erratum: bytes that a send-only transfer left in the receive FIFO */
    private stale: number[] = []
    /** erratum: bytes of a send-only transfer that are still being sent */
    private tail?: Uint8Array
    /** erratum: a receive-only transfer never ends */
    private hung = false

    /** @param bus which of the RP2040's controllers: only SPI0 can receive */
    constructor(private readonly bus: 0 | 1) {}

    attach(device: SpiDevice) {
        this.devices.push(device)
    }

    reset() {
        this.selected = []
        for (const d of this.devices) d.select(false)
        this.hz = 0
        this.nextMode = "duplex"
        this.stale = []
        this.tail = undefined
        this.hung = false
    }

    configure(hz: number) {
        this.hz = pl022Rate(hz)
    }

    sendOnly() {
        this.nextMode = "send"
    }

    receiveOnly() {
        this.nextMode = "receive"
    }

    select(device: SpiDevice, on: boolean) {
        if (this.selected.includes(device) === on) return
        this.selected = on
            ? [...this.selected, device]
            : this.selected.filter(d => d !== device)
        // what is still in the FIFO when the chip select rises is lost
        if (!on) this.tail = undefined
        device.select(on)
    }

    /** @returns microseconds on the bus, Infinity: hangs, -1: refused */
    transfer(data: Uint8Array): number {
        const mode = this.nextMode
        this.nextMode = "duplex"
        if (this.hung || !this.hz) return -1
        if (data.length === 0 || data.length > MAX_TRANSFER) return -1
        if (mode === "receive") {
            this.hung = true
            return Infinity
        }
        if (this.tail) {
            const tail = this.tail
            this.tail = undefined
            this.clock(tail)
        }
        if (mode === "send") {
            this.send(data)
            const early = Math.min(TAIL_BYTES, data.length)
            return this.time(data.length - early)
        }
        this.clock(data)
        if (this.bus !== 0) data.fill(0)
        if (this.stale.length) this.shift(data)
        return this.time(data.length)
    }

    private time(bytes: number) {
        return (bytes * 8e6) / this.hz
    }

    private send(data: Uint8Array) {
        const head = data.slice(0, Math.max(0, data.length - TAIL_BYTES))
        this.tail = data.slice(head.length)
        if (head.length) this.clock(head)
        const received = [...head, ...this.tail.map(() => 0xff)]
        const room = FIFO_BYTES - this.stale.length
        this.stale.push(...received.slice(0, room))
    }

    private shift(data: Uint8Array) {
        const all = [...this.stale, ...data]
        data.set(all.slice(0, data.length))
        this.stale = all.slice(data.length)
    }

    /** Clocks bytes through whatever is selected. */
    private clock(data: Uint8Array) {
        if (this.open.has("mosi")) data.fill(PULLED_UP)
        if (this.open.has("sck")) data.fill(PULLED_UP)
        else this.clockChips(data)
        const isHeld = [...this.holding].some(d => !this.selected.includes(d))
        if (isHeld) data.fill(0)
        if (this.open.has("miso")) data.fill(PULLED_DOWN)
    }

    private clockChips(data: Uint8Array) {
        for (const d of this.devices)
            if (!this.selected.includes(d)) d.idleClocks?.(data.length, this.hz)
        if (this.selected.length === 0) data.fill(PULLED_UP)
        else if (this.selected.length === 1)
            this.exchange(this.selected[0], data)
        else this.fight(data)
    }

    private exchange(d: SpiDevice, data: Uint8Array) {
        this.noise?.(d, data, "out")
        d.exchange(data, this.hz)
        this.noise?.(d, data, "in")
    }

    /** Several chips drive MISO at once: the lower level wins. */
    private fight(data: Uint8Array) {
        const sent = data.slice()
        data.fill(0xff)
        for (const d of this.selected) {
            const answer = sent.slice()
            this.exchange(d, answer)
            for (let i = 0; i < data.length; i++) data[i] &= answer[i]
        }
    }
}
