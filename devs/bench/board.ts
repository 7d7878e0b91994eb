/**
 * A simulated board: the VM with the firmware, its power and reset, its pins,
 * and its SPI bus with the chips.
 */
import type { Timer, World } from "../sim/world.ts"
import { operatorFrame } from "../vm/jacdac.ts"
import {
    DoorEvent,
    PANIC_NAMES,
    PANIC_RESTART,
    VmInstance,
    type VmBuild,
} from "../vm/instance.ts"
import type { Program } from "../vm/program.ts"
import type { Cpu } from "./cpu.ts"
import { Door, PowerLost } from "./door.ts"
import { Idling } from "./idling.ts"
import { BoardPins, GROUNDED, RELEASED, type PinsOptions } from "./pins.ts"
import { SerialLine, Unreachable } from "./serial.ts"
import { SpiController, type SpiDevice } from "./spi.ts"
import { Strength, type WireEnd } from "./wires.ts"

/** From power to the first opcode: the firmware's manager waits so long. */
const BOOT_US = 1_100_000
/** What a board's clock shows when the world begins. */
const CLOCK_OFFSET_US = 1e9
/** A program that panicked starts anew so much later, as on a board. */
export const PANIC_RESTART_US = 5_000_000
/** How long a finger stays on the reset button. */
const RESET_PRESS_US = 1_000
const MAX_TRACE_LINES = 30

/** A chip that loses its state with the power, and its pins with a reset. */
export interface BoardChip extends SpiDevice {
    powered(on: boolean): void
    /** the board's reset line is low, or high again; not all chips have it */
    held?(inReset: boolean): void
    /** set by the board: its time in microseconds */
    clock?: () => number
}

/** How a board is soldered. Each part may be changed, to break it. */
export interface Wiring extends PinsOptions {
    /** chips that the reset line reaches */
    resets: BoardChip[]
    /** whether it reaches RUN, the processor's own reset */
    resetsProcessor: boolean
    /** 10 kΩ at the reset line; without it RUN has a weak one on the chip */
    hasPullUp: boolean
}

export interface BoardOptions {
    name: string
    deviceId: string
    program: Program
    settings: Record<string, unknown>
    /** all that are on its SPI bus */
    chips: BoardChip[]
    wiring: Wiring
    spiBus: 0 | 1
    /** this board's reset line; low holds the board in reset */
    run: WireEnd
    vm: VmBuild
    cpu: () => Cpu
    random(size: number): Uint8Array
    /** rate of this board's clock against the world's, about 1 */
    clockRate?: number
    onConsole(line: string): void
    /** the board sends a Jacdac frame */
    onFrame?(frame: Uint8Array): void
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
    private readonly pins: BoardPins
    /** of this board's clock against the world's */
    private readonly rate: number
    private vm?: VmInstance
    private cpu: Cpu
    private power = false
    private hung = false
    /** what the VM shall be told as soon as it can listen */
    private readonly events: DoorEvent[] = []
    private readonly serial = new SerialLine()
    private next?: Timer
    private booting?: Timer
    private busyUntil = 0
    /** the VM stands still until then */
    private stillUntil = 0
    /** `delay` while the VM runs: it stands still behind the slice */
    private stillUs = 0
    private inSlice = false
    private sliceStart = 0
    private usedAtStart = 0
    private readonly door: Door
    private readonly idling: Idling
    private trace: string[] = []
    /** counted since the board was made */
    readonly stats = { spiTransfers: 0, spiBytes: 0, panics: 0 }
    /** called before each SPI transfer; may take any board's power */
    onTransfer?: () => void

    constructor(
        readonly world: World,
        private readonly opts: BoardOptions,
    ) {
        this.cpu = opts.cpu()
        this.rate = opts.clockRate ?? 1
        this.spi = new SpiController(opts.spiBus)
        this.pins = new BoardPins(opts.wiring, this.spi)
        for (const chip of opts.chips) {
            this.spi.attach(chip)
            chip.clock = () => this.now
        }
        this.idling = new Idling(world, {
            now: () => this.now,
            turnUs: () => this.cpu.idleTurnUs,
            ended: at => this.post(at, DoorEvent.Message),
        })
        this.door = new Door({
            pins: this.pins,
            spi: this.spi,
            idling: this.idling,
            rate: this.rate,
            vm: () => this.vm,
            cpu: () => this.cpu,
            beforeTransfer: bytes => this.beforeTransfer(bytes),
            openAfter: us => this.post(this.now + us, DoorEvent.Open),
        })
        opts.run.pull({ level: 0, strength: Strength.InternalPull })
    }

    get name() {
        return this.opts.name
    }

    get wiring() {
        return this.opts.wiring
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
        for (const chip of this.opts.chips) chip.powered(on)
        const isStrong = on && this.wiring.hasPullUp
        this.opts.run.pull({
            level: on ? 1 : 0,
            strength: isStrong ? Strength.ExternalPull : Strength.InternalPull,
        })
        if (on) this.holdChips(this.isHeld)
        if (on) this.boot()
        else this.halt()
    }

    /** A hung board's VM stands still; its chips and pins keep their state. */
    setHung(hung: boolean) {
        this.hung = hung
        if (!hung && this.vm) this.schedule(this.world.now)
    }

    /**
     * The VM stands still for so long, from now or from the end of what it is
     * doing: garbage collection, interrupts. Chips and pins live on.
     */
    delay(us: number) {
        if (!this.vm) return
        if (this.inSlice) this.stillUs += us
        else this.standStill(us)
    }

    private standStill(us: number) {
        const { now } = this.world
        this.stillUntil = Math.max(now, this.busyUntil, this.stillUntil) + us
    }

    /**
     * The firmware panics: its program is gone, pins and chips keep their
     * levels and their state, and the program starts anew. Not to be called
     * from within the VM's own time.
     */
    crash() {
        if (!this.vm) return
        this.dropVm()
        this.opts.onHalt?.()
        this.bootAfter(PANIC_RESTART_US)
    }

    /** Somebody presses the reset button: RUN, and the W5500s' reset lines. */
    reset() {
        const { run } = this.opts
        run.drive(GROUNDED)
        this.resetLineChanged()
        this.world.after(RESET_PRESS_US, () => {
            run.drive(RELEASED)
            this.resetLineChanged()
        })
    }

    /** Call when the level of the reset line may have changed. */
    resetLineChanged() {
        if (!this.power) return
        const held = this.isHeld
        if (!this.wiring.resetsProcessor) this.holdChips(held)
        else if (held && (this.vm || this.booting)) {
            this.halt()
            // a board that holds its own reset line lets go of it then
            this.holdChips(this.isHeld)
        } else if (!held && !this.vm && !this.booting) {
            this.holdChips(false)
            this.boot()
        }
    }

    private get isHeld() {
        return this.opts.run.level === 0
    }

    private holdChips(held: boolean) {
        for (const chip of this.wiring.resets) chip.held?.(held)
    }

    /** A chip or a wire of this board has something to say. */
    notify() {
        this.idling.notify()
    }

    /**
     * A Jacdac frame comes over the board's serial line.
     * @throws Unreachable when nobody would take it there
     */
    receive(frame: Uint8Array) {
        if (!this.power) throw new Unreachable(this.name, "has no power")
        if (this.hung) throw new Unreachable(this.name, "hangs")
        if (!this.vm)
            throw new Unreachable(this.name, "is starting, or in reset")
        this.serial.send(frame)
        this.schedule(this.world.now)
    }

    /** An operator's command; the answer is on the console. @throws as above */
    command(name: string) {
        this.receive(operatorFrame(this.opts.deviceId, name))
    }

    /** The board's own clock in microseconds. */
    get now() {
        const slice = this.inSlice ? this.cpu.usedUs() - this.usedAtStart : 0
        const at = this.inSlice
            ? this.sliceStart
            : Math.max(this.world.now, this.busyUntil)
        return at + slice
    }

    /** The same, but standing still while the VM runs. */
    private get sliceTime(): number {
        return this.inSlice ? this.sliceStart : this.now
    }

    /** The VM, while it runs, for counters of instrumented builds. */
    get instance() {
        return this.vm
    }

    /** Power and the reset line may both ask for it: one boot is enough. */
    private boot() {
        const isHeld = this.wiring.resetsProcessor && this.isHeld
        if (this.booting || isHeld) return
        this.hung = false
        this.bootAfter(BOOT_US)
    }

    private bootAfter(us: number) {
        this.booting = this.world.after(us, () => {
            this.booting = undefined
            this.start()
        })
    }

    private start() {
        // the firmware's own start is long over when the program's turn comes:
        // one that starts in a VM's first millisecond waits for ever
        let offset = CLOCK_OFFSET_US - BOOT_US
        this.vm = new VmInstance(
            {
                deviceId: this.opts.deviceId,
                // time that passes in a slice shows in the next: a fiber whose
                // sleep ends meanwhile sees what the world did until then
                nowUs: () => offset + this.sliceTime * this.rate,
                random: this.opts.random,
                frame: f => this.opts.onFrame?.(f),
                console: line => this.console(line),
                panic: code => this.panicked(code),
                door: (ptr, len) => this.door.enter(ptr, len),
                reboot: () => this.rebooted(),
            },
            this.opts.vm,
        )
        offset = CLOCK_OFFSET_US
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
        this.dropVm()
        this.spi.reset()
        this.pins.float()
        this.opts.onHalt?.()
    }

    private dropVm() {
        this.vm = undefined
        this.door.close()
        this.stillUntil = this.stillUs = 0
        this.events.length = 0
        this.serial.clear()
        for (const t of [this.next, this.booting]) if (t) t.cancelled = true
        this.next = this.booting = undefined
        this.idling.cancel()
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
        const freeAt = Math.max(this.busyUntil, this.stillUntil)
        if (this.world.now < freeAt) {
            this.schedule(freeAt)
            return
        }
        this.inSlice = true
        this.sliceStart = this.world.now
        this.usedAtStart = this.cpu.usedUs()
        for (const e of this.events) vm.event(e)
        this.events.length = 0
        this.serial.deliver(vm)
        const sleepUs = this.process(vm)
        const used = this.cpu.usedUs() - this.usedAtStart
        this.inSlice = false
        this.busyUntil = this.sliceStart + used
        if (this.vm !== vm) return
        if (this.stillUs) this.standStill(this.stillUs)
        this.stillUs = 0
        const isDue = this.events.length > 0 || this.serial.isBusy
        const sleep = isDue ? 0 : sleepUs / this.rate
        this.schedule(Math.max(this.busyUntil, this.sliceStart + sleep))
    }

    /** @returns microseconds until it wants to run again */
    private process(vm: VmInstance): number {
        try {
            return vm.process()
        } catch (e) {
            if (e instanceof PowerLost) return Infinity
            throw e
        }
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
        this.door.close()
        this.opts.onPanic(
            new FirmwarePanic(this.opts.name, code, this.trace.splice(0)),
        )
    }

    private beforeTransfer(bytes: number) {
        this.onTransfer?.()
        if (!this.vm) return
        this.stats.spiTransfers++
        this.stats.spiBytes += bytes
    }
}
