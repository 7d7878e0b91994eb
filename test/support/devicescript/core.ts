/** `@devicescript/core`, as much as the firmware uses. */
import { AsyncLocalStorage } from "node:async_hooks"

/** As in the Pico's pin service. */
export enum GPIOMode {
    InputPullUp = 0x11,
    InputPullDown = 0x21,
    OutputHigh = 0x12,
    OutputLow = 0x22,
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

let now = 0

/** The board's time; it moves on only by `setMillis`. */
export function millis() {
    return now
}

export function setMillis(ms: number) {
    now = ms
}

export function suspend(limitMs?: number): Promise<unknown> {
    if (limitMs !== undefined) throw new Error("no fiber waits for time here")
    return Fiber.self().suspend()
}

export function sleep(_ms: number): Promise<void> {
    throw new Error("no fiber waits for time here")
}

export function isSimulator() {
    return true
}

export function assert(condition: boolean, message = "assertion failed") {
    if (!condition) throw new Error(message)
}
