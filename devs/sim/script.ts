/** Runs `async` scripts on a virtual clock. */
import type { World } from "./world.ts"

/**
 * Joins promises and virtual time: whoever settles a promise calls `settled`,
 * and the scripts that wait for it go on before the next event.
 */
export class Script {
    private isSettled = true

    constructor(readonly world: World) {}

    /** Give to all that settles promises. */
    readonly settled = () => {
        this.isSettled = true
    }

    /** Waits for virtual time. */
    sleep(us: number): Promise<void> {
        return new Promise(resolve =>
            this.world.after(us, () => {
                resolve()
                this.settled()
            }),
        )
    }

    /**
     * Runs the world until the script is done.
     * @param limit virtual microseconds from now
     * @param check called after each event; ends the script by throwing
     * @throws what the script throws, or when the time is over
     */
    async run<T>(
        script: () => Promise<T>,
        limit: number,
        check: () => void = () => {},
    ): Promise<T> {
        let outcome: { value: T } | { error: unknown } | undefined
        script().then(
            value => (outcome = { value }),
            (error: unknown) => (outcome = { error }),
        )
        const until = this.world.now + limit
        this.isSettled = true
        for (;;) {
            if (this.isSettled) {
                this.isSettled = false
                await new Promise(setImmediate)
            }
            check()
            if (outcome) break
            if (!this.world.step(until))
                throw new Error(
                    `script not done after ${limit / 1e6} virtual seconds`,
                )
        }
        if ("error" in outcome) throw outcome.error
        return outcome.value
    }
}
