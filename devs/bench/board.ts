/**
 * A simulated board: the VM with the firmware, its power and reset, its pins,
 * and its SPI bus with the chips.
 */
import {
    CTL_COPIED,
    DoorOp,
    DoorPin,
    SPI_REFUSED,
} from "../../src/board/door.ts"
import type { Timer, World } from "../sim/world.ts"
import {
    DoorEvent,
    PANIC_NAMES,
    PANIC_RESTART,
    VmInstance,
    type VmBuild,
} from "../vm/instance.ts"
import type { Program } from "../vm/program.ts"
import { DoorWork, type Cpu } from "./cpu.ts"
import { SpiController, type SpiDevice } from "./spi.ts"
import { Strength, type Drive, type WireEnd } from "./wires.ts"

/** From power to the first opcode: the firmware's manager waits so long. */
const BOOT_US = 1_100_000
/** A program that panicked starts again, as on a board. */
const MAX_TRACE_LINES = 30

/** A chip that loses its state with the power, and its pins with a reset. */
export interface BoardChip extends SpiDevice {
    powered(on: boolean): void
    /** the board's reset line is low, or high again; not all chips have it */
    held?(inReset: boolean): void
    /** set by the board: its time in microseconds */
    clock?: () => number
}

export interface BoardOptions {
    name: string
    deviceId: string
    program: Program
    settings: Record<string, unknown>
    chips: { pin: DoorPin; chip: BoardChip }[]
    spiBus: 0 | 1
    wires: Partial<Record<DoorPin, WireEnd>>
    /** levels of chips' outputs */
    outputs: Partial<Record<DoorPin, () => 0 | 1>>
    /** this board's reset line; low holds the board in reset */
    run: WireEnd
    vm: VmBuild
    cpu: () => Cpu
    random(size: number): Uint8Array
    /** rate of this board's clock against the world's, about 1 */
    clockRate?: number
    onConsole(line: string): void
    /** the firmware is gone, with all that it knew */
    onHalt?(): void
    onPanic(panic: FirmwarePanic): void
}

/** The firmware died; the message has its stack with files and lines. */
export class FirmwarePanic extends Error {
    constructor(
        readonly board: string,
        readonly code: number,
        trace: string[],
    ) {
        const name = PANIC_NAMES[code] ?? `panic ${code}`
        super(`board ${board}: ${name}\n${trace.join("\n")}`)
    }
}

export class Board {
    readonly spi: SpiController
    private vm?: VmInstance
    private cpu: Cpu
    private power = false
    private hung = false
    /** what the VM shall be told as soon as it can listen */
    private readonly events: DoorEvent[] = []
    private next?: Timer
    private booting?: Timer
    private busyUntil = 0
    private inSlice = false
    private sliceStart = 0
    private usedAtStart = 0
    private ctl = 0
    private news = false
    private idleEnd?: Timer
    private idleSince = 0
    private trace: string[] = []
    /** counted since the board was made */
    readonly stats = { spiTransfers: 0, spiBytes: 0, panics: 0 }

    constructor(
        readonly world: World,
        private readonly opts: BoardOptions,
    ) {
        this.cpu = opts.cpu()
        this.spi = new SpiController(opts.spiBus)
        for (const { chip } of opts.chips) {
            this.spi.attach(chip)
            chip.clock = () => this.now
        }
        opts.run.pull({ level: 0, strength: Strength.InternalPull })
    }

    get name() {
        return this.opts.name
    }

    get isPowered() {
        return this.power
    }

    get isHung() {
        return this.hung
    }

    /** Whether the firmware's VM exists: powered, and not held in reset. */
    get isRunning() {
        return !!this.vm
    }

    setPower(on: boolean) {
        if (on === this.power) return
        this.power = on
        for (const { chip } of this.opts.chips) chip.powered(on)
        this.opts.run.pull({
            level: on ? 1 : 0,
            strength: on ? Strength.ExternalPull : Strength.InternalPull,
        })
        if (on) this.boot()
        else this.halt()
    }

    /** A hung board's VM stands still; its chips and pins keep their state. */
    setHung(hung: boolean) {
        this.hung = hung
        if (!hung && this.vm) this.schedule(this.world.now)
    }

    /** Call when the level of the reset line may have changed. */
    resetLineChanged() {
        if (!this.power) return
        const held = this.opts.run.level === 0
        if (held && (this.vm || this.booting)) {
            this.halt()
            for (const { chip } of this.opts.chips) chip.held?.(true)
        } else if (!held && !this.vm && !this.booting) {
            for (const { chip } of this.opts.chips) chip.held?.(false)
            this.boot()
        }
    }

    /** A chip or a wire of this board has something to say. */
    notify() {
        this.news = true
        if (this.idleEnd) this.endIdle()
    }

    /** The board's own clock in microseconds. */
    get now() {
        const slice = this.inSlice ? this.cpu.usedUs() - this.usedAtStart : 0
        const at = this.inSlice
            ? this.sliceStart
            : Math.max(this.world.now, this.busyUntil)
        return at + slice
    }

    /** The VM, while it runs, for counters of instrumented builds. */
    get instance() {
        return this.vm
    }

    /** Power and the reset line may both ask for it: one boot is enough. */
    private boot() {
        if (this.booting || this.opts.run.level === 0) return
        this.hung = false
        this.booting = this.world.after(BOOT_US, () => {
            this.booting = undefined
            this.start()
        })
    }

    private start() {
        const rate = this.opts.clockRate ?? 1
        const offset = 1e9
        this.vm = new VmInstance(
            {
                deviceId: this.opts.deviceId,
                nowUs: () => offset + this.now * rate,
                random: this.opts.random,
                console: line => this.console(line),
                panic: code => this.panicked(code),
                door: (ptr, len) => this.door(ptr, len),
                reboot: () => this.rebooted(),
            },
            this.opts.vm,
        )
        this.cpu = this.opts.cpu()
        this.cpu.attach(this.vm.exports)
        this.loadProgram(this.vm)
        this.busyUntil = this.world.now
        this.schedule(this.world.now)
    }

    private loadProgram(vm: VmInstance) {
        for (const [key, value] of Object.entries(this.opts.settings))
            if (!vm.setSetting(key, value))
                throw new Error("the VM has not announced its services")
        vm.deploy(this.opts.program.image)
    }

    /** Power or reset took the VM; pins float. */
    private halt() {
        this.vm = undefined
        this.ctl = 0
        this.events.length = 0
        for (const t of [this.next, this.booting, this.idleEnd])
            if (t) t.cancelled = true
        this.next = this.booting = this.idleEnd = undefined
        this.spi.reset()
        for (const end of Object.values(this.opts.wires))
            end?.drive({ level: 0, strength: Strength.None })
        this.opts.onHalt?.()
    }

    private rebooted() {
        this.halt()
        this.boot()
    }

    private schedule(at: number) {
        if (this.next && !this.next.cancelled) {
            if (this.next.at <= at) return
            this.next.cancelled = true
        }
        this.next = this.world.at(at, () => this.slice())
    }

    /** Lets the VM run until all its fibers wait. */
    private slice() {
        const vm = this.vm
        if (!vm || this.hung) return
        if (this.world.now < this.busyUntil) {
            this.schedule(this.busyUntil)
            return
        }
        this.inSlice = true
        this.sliceStart = this.world.now
        this.usedAtStart = this.cpu.usedUs()
        for (const e of this.events.splice(0)) vm.event(e)
        const sleepUs = vm.process()
        const used = this.cpu.usedUs() - this.usedAtStart
        this.inSlice = false
        this.busyUntil = this.sliceStart + used
        if (this.vm !== vm) return
        this.schedule(this.busyUntil + (this.events.length ? 0 : sleepUs))
    }

    private post(at: number, event: DoorEvent) {
        this.world.at(at, () => {
            if (!this.vm) return
            this.events.push(event)
            this.schedule(this.world.now)
        })
    }

    private console(line: string) {
        if (line.startsWith("* start")) this.trace = []
        if (line.startsWith("!") || line.startsWith("*")) {
            this.trace.push(this.opts.program.symbols.annotate(line))
            if (this.trace.length > MAX_TRACE_LINES) this.trace.shift()
        }
        this.opts.onConsole(line)
    }

    private panicked(code: number) {
        if (code === PANIC_RESTART) return
        this.stats.panics++
        this.ctl = 0
        this.opts.onPanic(
            new FirmwarePanic(this.opts.name, code, this.trace.splice(0)),
        )
    }

    /// The door ///

    private door(ptr: number, len: number): number {
        const memory = this.vm!.memory
        if (!this.ctl) {
            this.ctl = ptr
            return 0
        }
        const data = memory.subarray(ptr, ptr + len)
        return ptr === this.ctl ? this.operation(data) : this.transfer(data)
    }

    private operation(ctl: Uint8Array): number {
        const word = () =>
            new DataView(ctl.buffer, ctl.byteOffset).getUint32(4, true)
        switch (ctl[0]) {
            case DoorOp.PinMode:
                this.cpu.forgive(DoorWork.PinMode)
                this.cpu.charge(this.cpu.pinModeUs)
                this.pinMode(ctl[1], ctl[2])
                return 0
            case DoorOp.PinRead:
                this.cpu.forgive(DoorWork.PinRead)
                this.cpu.charge(this.cpu.pinReadUs)
                return this.level(ctl[1])
            case DoorOp.SpiConfigure:
                this.spi.configure(word())
                return 0
            case DoorOp.SpiSendOnly:
                this.spi.sendOnly()
                return 0
            case DoorOp.SpiReceiveOnly:
                this.spi.receiveOnly()
                return 0
            case DoorOp.Idle:
                this.cpu.forgive(DoorWork.Idle)
                this.idle(word())
                return 0
        }
        throw new Error(`the firmware asks the door for ${ctl[0]}`)
    }

    private level(pin: DoorPin): 0 | 1 {
        const output = this.opts.outputs[pin]
        return output ? output() : (this.opts.wires[pin]?.level ?? 0)
    }

    private pinMode(pin: DoorPin, mode: number) {
        const chip = this.opts.chips.find(c => c.pin === pin)
        if (chip) this.spi.select(chip.chip, mode === GPIO_OUTPUT_LOW)
        else this.opts.wires[pin]?.drive(DRIVES[mode] ?? DRIVES[0])
    }

    private transfer(data: Uint8Array): number {
        this.cpu.forgive(DoorWork.Transfer)
        const copied = this.ctl + CTL_COPIED
        if (this.vm!.memory[copied]) {
            this.vm!.memory[copied] = 0
            this.cpu.forgive(DoorWork.Copy)
        }
        this.stats.spiTransfers++
        this.stats.spiBytes += data.length
        const busUs = this.spi.transfer(data)
        if (busUs < 0) return SPI_REFUSED
        this.cpu.charge(this.cpu.spiFixedUs)
        if (busUs < Infinity) this.post(this.now + busUs, DoorEvent.Open)
        return 0
    }

    private idle(ms: number) {
        this.idleSince = this.now
        this.idleEnd = this.world.at(this.now + ms * 1000, () => this.endIdle())
        if (this.news) this.endIdle()
    }

    /**
     * Ends the firmware's idling, at the end of the turn that a Pico's idle
     * loop would be in.
     */
    private endIdle() {
        if (this.idleEnd) this.idleEnd.cancelled = true
        this.idleEnd = undefined
        this.news = false
        let at = this.now
        const turnUs = this.cpu.idleTurnUs
        if (turnUs) {
            const turns = Math.ceil((at - this.idleSince) / turnUs)
            at = this.idleSince + Math.max(1, turns) * turnUs
        }
        this.post(at, DoorEvent.Message)
    }
}

const GPIO_OUTPUT_LOW = 0x22

const drive = (level: 0 | 1, strength: Strength): Drive => ({ level, strength })

/** What a pin does to its wire, by `ds.GPIOMode`. */
const DRIVES: Record<number, Drive> = {
    0x00: drive(0, Strength.None),
    0x01: drive(0, Strength.None),
    0x11: drive(1, Strength.InternalPull),
    0x21: drive(0, Strength.InternalPull),
    0x12: drive(1, Strength.Driven),
    [GPIO_OUTPUT_LOW]: drive(0, Strength.Driven),
}
