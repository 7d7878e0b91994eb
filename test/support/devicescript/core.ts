/** `@devicescript/core`, as much as the firmware uses. */
import { AsyncLocalStorage } from "node:async_hooks"

/** As in the Pico's pin service. */
export enum GPIOMode {
    InputPullUp = 0x11,
    InputPullDown = 0x21,
    OutputHigh = 0x12,
    OutputLow = 0x22,
}

/** Of Jacdac, to the program's own device. */
export interface Packet {
    serviceIndex: number
    serviceCommand: number
    payload: Buffer
}

const current = new AsyncLocalStorage<Fiber>()

/**
 * The VM's fibers are threads that take turns where they wait; here they are
 * async functions, which take turns at each `await`. So a test may only act
 * when all of them wait for something: behind a `setImmediate`.
 */
export class Fiber {
    private wakeUp?: (value: unknown) => void

    static self(): Fiber {
        const fiber = current.getStore()
        if (!fiber) throw new Error("not in a fiber")
        return fiber
    }

    /** Runs a function as a fiber, when who starts it waits next. */
    static start(run: () => unknown): Fiber {
        const fiber = new Fiber()
        void current.run(fiber, async () => {
            await undefined
            return run()
        })
        return fiber
    }

    get suspended() {
        return this.wakeUp !== undefined
    }

    suspend(): Promise<unknown> {
        return new Promise(resolve => {
            this.wakeUp = resolve
        })
    }

    /** @throws RangeError when the fiber is not suspended */
    resume(value: unknown) {
        const { wakeUp } = this
        if (!wakeUp) throw new RangeError("fiber not suspended")
        this.wakeUp = undefined
        wakeUp(value)
    }
}

Function.prototype.start = function (this: () => unknown) {
    return Fiber.start(this)
}

/** A board's own time, and its fibers that sleep. */
export class Clock {
    now = 0
    private sleepers: { until: number; wakeUp: () => void }[] = []

    /** Moves on to a time, and wakes who has slept until then. */
    advance(ms: number) {
        this.now = ms
        const due = this.sleepers.filter(s => s.until <= ms)
        this.sleepers = this.sleepers.filter(s => s.until > ms)
        for (const { wakeUp } of due) wakeUp()
    }

    sleep(ms: number): Promise<void> {
        return new Promise(wakeUp => {
            this.sleepers.push({ until: this.now + ms, wakeUp })
        })
    }

    /** Runs what belongs to the board of this clock, and its fibers. */
    run<T>(board: () => T): T {
        return clocks.run(this, board)
    }

    /** Of the board whose firmware is running. */
    static current() {
        return clocks.getStore() ?? common
    }
}

const clocks = new AsyncLocalStorage<Clock>()
/** Of tests with one board. */
const common = new Clock()

export function millis() {
    return Clock.current().now
}

export function sleep(ms: number): Promise<void> {
    return Clock.current().sleep(ms)
}

export function suspend(limitMs?: number): Promise<unknown> {
    if (limitMs !== undefined)
        throw new Error("suspend with a limit: not needed so far")
    return Fiber.self().suspend()
}

export function isSimulator() {
    return true
}

export function assert(condition: boolean, message = "assertion failed") {
    if (!condition) throw new Error(message)
}
