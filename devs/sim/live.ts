/** Drives a world by the real clock, for real sockets. */
import { performance } from "node:perf_hooks"
import type { World } from "./world.ts"

/**
 * From the first event that is due, the world gains no more than this on one
 * turn of the event loop, however long the process was away. So when the
 * machine stalls, both boards stall alike, and neither takes the other for
 * dead.
 */
const MAX_STEP_US = 2_000
/** Real time after which sockets get their turn, though events are due. */
const MAX_TURN_MS = 4

export class LiveClock {
    private last = performance.now()
    private timeout?: NodeJS.Timeout
    private immediate?: NodeJS.Immediate
    private stopped = false

    constructor(
        private readonly world: World,
        private readonly failed: (e: unknown) => void,
    ) {
        this.kick()
    }

    /** Runs what is due soon; call after events from outside. */
    kick() {
        if (this.stopped || this.immediate) return
        clearTimeout(this.timeout)
        this.immediate = setImmediate(() => {
            this.immediate = undefined
            try {
                this.turn()
            } catch (e) {
                this.stop()
                this.failed(e)
            }
        })
    }

    stop() {
        this.stopped = true
        clearTimeout(this.timeout)
        clearImmediate(this.immediate)
        this.immediate = undefined
    }

    private turn() {
        const started = performance.now()
        const passed = (started - this.last) * 1000
        this.last = started
        const target = Math.min(
            this.world.now + passed,
            Math.max(this.world.now, this.world.nextAt) + MAX_STEP_US,
        )
        while (this.world.step(target))
            if (performance.now() - started > MAX_TURN_MS) break
        if (this.world.nextAt > target) this.world.runUntil(target)
        if (this.stopped) return
        const waitMs = (this.world.nextAt - this.world.now) / 1000
        if (waitMs <= 1) this.kick()
        else this.timeout = setTimeout(() => this.kick(), Math.min(waitMs, 50))
    }
}
