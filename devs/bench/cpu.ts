/**
 * What a board's processor needs for what its VM does: a Pico's microseconds
 * (RP2040 at 125 MHz, DeviceScript 2.16), or nothing at all.
 */
import { VmCounters } from "../vm/counting.ts"

export interface Cpu {
    /** Begins to count for a VM that was just made. */
    attach(exports: WebAssembly.Exports): void
    /** Microseconds of processor time used since `attach`. */
    usedUs(): number
    /** Processor time that opcodes do not show, in microseconds. */
    charge(us: number): void
    /** Cost of a transfer before its first byte is on the bus. */
    readonly spiFixedUs: number
    /** Cost of `setMode`, and of `Board.read`. */
    readonly pinModeUs: number
    readonly pinReadUs: number
    /** One turn of the idle loop: 64 bytes to no chip. */
    readonly idleTurnUs: number
    /** Takes off what the bench's side of the door has cost. */
    forgive(what: DoorWork): void
}

/** What firmware in `src/board/bench.ts` runs that no Pico would run. */
export enum DoorWork {
    PinMode,
    PinRead,
    Transfer,
    /** of a transfer between two buffers */
    Copy,
    Idle,
}

/** A processor that needs no time; buses and chips still take theirs. */
export const instantCpu: Cpu = {
    attach() {},
    usedUs: () => 0,
    charge() {},
    spiFixedUs: 0,
    pinModeUs: 0,
    pinReadUs: 0,
    idleTurnUs: 0,
    forgive() {},
}

/**
 * Costs measured on the unmodified DeviceScript firmware. A plain opcode is
 * 2.2 µs; the others are what calls, bound methods, indexes, buffer accesses
 * and allocations cost beyond their opcodes. Garbage is collected every 16 KB,
 * in about 1.5 ms. The sum agrees with the measured cost of whole statements
 * to ±20 %, which is what the measurement itself claims, but for methods of a
 * script's own objects, which are too cheap (test/models/cpu.test.ts).
 */
const PICO_US = {
    opcode: 2.2,
    scriptCall: 16,
    nativeCall: 18,
    property: 4,
    index: 3,
    bufferOp: 9,
    allocatedByte: 1500 / 16384,
}

/** Things that a VM has done, and that take a Pico's time. */
export interface Work {
    opcodes: number
    calls: number
    natives: number
    properties: number
    indexes: number
    bufferOps: number
    allocBytes: number
}

/**
 * The work of one passage of the door, counted on the VM;
 * test/models/cpu.test.ts counts it again.
 */
export const DOOR_WORK: Record<DoorWork, Work> = {
    [DoorWork.PinMode]: work(23, 2, 1, 3, 3, 0, 40),
    [DoorWork.PinRead]: work(31, 3, 1, 2, 3, 0, 80),
    [DoorWork.Transfer]: work(50, 6, 4, 3, 0, 0, 156),
    [DoorWork.Copy]: work(24, 1, 1, 4, 1, 0, 0),
    [DoorWork.Idle]: work(61, 8, 4, 4, 3, 1, 216),
}

function work(
    opcodes: number,
    calls: number,
    natives: number,
    properties: number,
    indexes: number,
    bufferOps: number,
    allocBytes: number,
): Work {
    return {
        opcodes,
        calls,
        natives,
        properties,
        indexes,
        bufferOps,
        allocBytes,
    }
}

/** A table by kind of door work; its kinds are numbers from 0 on. */
function byDoorWork<T>(f: (w: Work) => T): T[] {
    const kinds = Object.keys(DOOR_WORK).map(Number) as DoorWork[]
    return kinds.sort((x, y) => x - y).map(kind => f(DOOR_WORK[kind]))
}

export function picoUs(w: Work) {
    return (
        w.opcodes * PICO_US.opcode +
        (w.calls - w.natives) * PICO_US.scriptCall +
        w.natives * PICO_US.nativeCall +
        w.properties * PICO_US.property +
        w.indexes * PICO_US.index +
        w.bufferOps * PICO_US.bufferOp +
        w.allocBytes * PICO_US.allocatedByte
    )
}

export function workOf(c: VmCounters): Work {
    return {
        opcodes: c.opcodes,
        calls: c.calls,
        natives: c.natives,
        properties: c.properties,
        indexes: c.indexes,
        bufferOps: c.bufferOps,
        allocBytes: c.allocBytes,
    }
}

/** All that `more` has and `less` has not. */
export function workBetween(less: Work, more: Work): Work {
    const keys = Object.keys(more) as (keyof Work)[]
    const pairs = keys.map(k => [k, more[k] - less[k]])
    return Object.fromEntries(pairs) as unknown as Work
}

/** So many times the work. */
function times(n: number, w: Work): Work {
    const pairs = Object.entries(w).map(([k, v]) => [k, v * n])
    return Object.fromEntries(pairs) as unknown as Work
}

/** Hot: passages of the door are many. */
const DOOR_US = byDoorWork(picoUs)

/** A Pico's processor, for a VM from `countingVm()`. */
export class PicoCpu implements Cpu {
    private counters?: VmCounters
    private extraUs = 0
    /** passages of the door so far, by kind */
    private readonly passages = byDoorWork(() => 0)
    /** measured: 110 µs from the call to the first byte and back */
    readonly spiFixedUs = 110
    readonly pinModeUs = 29
    /** measured for `pin.value`: 27 µs, and a function around it */
    readonly pinReadUs = 54
    readonly idleTurnUs = 205

    attach(exports: WebAssembly.Exports) {
        this.counters = new VmCounters(exports)
        this.extraUs = -picoUs(workOf(this.counters))
    }

    usedUs() {
        return this.counters ? picoUs(workOf(this.counters)) + this.extraUs : 0
    }

    charge(us: number) {
        this.extraUs += us
    }

    forgive(what: DoorWork) {
        this.extraUs -= DOOR_US[what]
        this.passages[what]++
    }

    /** What the board's program has done since its VM was made. */
    work(): Work {
        if (!this.counters) return work(0, 0, 0, 0, 0, 0, 0)
        const all = workOf(this.counters)
        return this.passages.reduce(
            (left, n, kind: DoorWork) =>
                workBetween(times(n, DOOR_WORK[kind]), left),
            all,
        )
    }
}
