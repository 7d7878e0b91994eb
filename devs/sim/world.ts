/** The one clock of a simulation and the queue of what is to happen. */

export interface Timer {
    readonly at: number
    cancelled: boolean
}

interface Entry extends Timer {
    seq: number
    run: () => void
}

/**
 * Discrete events in order of time, and in order of scheduling at the same
 * time: the same calls give the same history.
 */
export class World {
    private heap: Entry[] = []
    private seq = 0
    /** microseconds since the world began */
    now = 0

    /** Runs `run` at time `at`, at the earliest now. @param at microseconds */
    at(at: number, run: () => void): Timer {
        const entry: Entry = {
            at: Math.max(at, this.now),
            cancelled: false,
            seq: this.seq++,
            run,
        }
        this.push(entry)
        return entry
    }

    /** @param delay microseconds */
    after(delay: number, run: () => void): Timer {
        return this.at(this.now + delay, run)
    }

    /** Time of the next event; Infinity when there is none. */
    get nextAt(): number {
        while (this.heap.length && this.heap[0].cancelled) this.pop()
        return this.heap.length ? this.heap[0].at : Infinity
    }

    /** Runs the next event, if it is due at `limit` or before. */
    step(limit = Infinity): boolean {
        const { nextAt } = this
        if (nextAt > limit || nextAt === Infinity) return false
        const entry = this.pop()
        this.now = entry.at
        entry.cancelled = true
        entry.run()
        return true
    }

    /** Runs all that happens until `until`, and sets the clock to it. */
    runUntil(until: number) {
        while (this.step(until));
        if (this.now < until) this.now = until
    }

    /**
     * Runs until `done` says so.
     * @param limit microseconds from now
     * @throws when the time is over before
     */
    runWhile(pending: () => boolean, limit: number, what = "condition") {
        const until = this.now + limit
        while (pending())
            if (!this.step(until))
                throw new Error(
                    `${what} not reached within ${limit / 1000} virtual ms`,
                )
    }

    private before(a: Entry, b: Entry) {
        return a.at < b.at || (a.at === b.at && a.seq < b.seq)
    }

    private push(entry: Entry) {
        const h = this.heap
        let i = h.length
        h.push(entry)
        while (i > 0) {
            const parent = (i - 1) >> 1
            if (this.before(h[parent], entry)) break
            h[i] = h[parent]
            i = parent
        }
        h[i] = entry
    }

    private pop(): Entry {
        const h = this.heap
        const top = h[0]
        const last = h.pop()!
        if (!h.length) return top
        let i = 0
        for (;;) {
            let child = 2 * i + 1
            if (child >= h.length) break
            if (child + 1 < h.length && this.before(h[child + 1], h[child]))
                child++
            if (this.before(last, h[child])) break
            h[i] = h[child]
            i = child
        }
        h[i] = last
        return top
    }
}
