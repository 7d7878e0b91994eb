/** Plays one seed after the other on all cores, with a bar that shows it. */
import { SingleBar } from "cli-progress"
import type { Pool } from "./job.ts"
import type { Tally } from "./report.ts"
import type { Outcome } from "./run.ts"

export interface RoundOptions {
    seeds: number
    from: number
    minutes?: number
    profile: string
}

/** Between lines where no bar can be drawn. */
const LINE_MS = 10_000

export class Rounds {
    private readonly startedAt = Date.now()
    private nextSeed: number
    private failed?: Outcome

    constructor(
        private readonly pool: Pool,
        private readonly opts: RoundOptions,
        private readonly tally: Tally,
    ) {
        this.nextSeed = opts.from
    }

    /** @returns the failure with the lowest seed, if any */
    async play(): Promise<Outcome | undefined> {
        const bar = new SingleBar({
            format:
                "{bar} {percentage} % | {seeds} seeds, {speed} a second | " +
                "{faults} faults | {hours} virtual hours | {left}",
            noTTYOutput: true,
            notTTYSchedule: LINE_MS,
            hideCursor: true,
        })
        bar.start(1, 0, this.figures())
        const show = () => bar.update(this.share, this.figures())
        const workers = Array.from(
            { length: this.pool.options.maxThreads },
            () => this.worker(show),
        )
        try {
            await Promise.all(workers)
        } finally {
            bar.stop()
        }
        return this.failed
    }

    private async worker(show: () => void) {
        while (!this.failed && this.share < 1) {
            const seed = this.nextSeed++
            if (!this.opts.minutes && seed >= this.opts.from + this.opts.seeds)
                return
            const { profile } = this.opts
            const job = { seed, profile }
            const outcome = (await this.pool.run(job)) as Outcome
            this.tally.add(outcome)
            show()
            if (outcome.violations.length) this.fail(outcome)
        }
    }

    private fail(outcome: Outcome) {
        if (!this.failed || outcome.plan.seed < this.failed.plan.seed)
            this.failed = outcome
    }

    private get seconds() {
        return (Date.now() - this.startedAt) / 1000
    }

    /** of the work that is done */
    private get share() {
        const { minutes, seeds } = this.opts
        const done = minutes
            ? this.seconds / (minutes * 60)
            : this.tally.seeds / seeds
        return Math.min(1, done)
    }

    private figures() {
        const left = this.share ? this.seconds / this.share - this.seconds : 0
        return {
            seeds: this.tally.seeds,
            speed: (this.tally.seeds / Math.max(1, this.seconds)).toFixed(1),
            faults: this.tally.faults,
            hours: this.tally.hours.toFixed(1),
            left: `${Math.ceil(left / 60)} min left`,
        }
    }
}
