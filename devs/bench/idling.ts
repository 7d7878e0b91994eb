/** A board that waits at the door until something has news. */
import type { Timer, World } from "../sim/world.ts"

/** What idling needs of its board. */
export interface Idler {
    /** the board's time in microseconds */
    now(): number
    /** one turn of the idle loop in microseconds; 0: it takes no time */
    turnUs(): number
    /** the firmware's idling ends at this time */
    ended(at: number): void
}

export class Idling {
    private news = false
    private end?: Timer
    private since = 0

    constructor(
        private readonly world: World,
        private readonly board: Idler,
    ) {}

    /** @param us ends by itself after so long */
    begin(us: number) {
        this.since = this.board.now()
        this.end = this.world.at(this.since + us, () => this.finish())
        if (this.news) this.finish()
    }

    /** A chip or a wire has something to say. */
    notify() {
        this.news = true
        if (this.end) this.finish()
    }

    /** The firmware that was idling is gone. */
    cancel() {
        if (this.end) this.end.cancelled = true
        this.end = undefined
    }

    /** At the end of the turn that a Pico's idle loop would be in. */
    private finish() {
        this.cancel()
        this.news = false
        let at = this.board.now()
        const turnUs = this.board.turnUs()
        if (turnUs) {
            const turns = Math.ceil((at - this.since) / turnUs)
            at = this.since + Math.max(1, turns) * turnUs
        }
        this.board.ended(at)
    }
}
