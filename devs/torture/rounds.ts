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
    /** plays on after a failure */
    keepGoing?: boolean
}

/** What plays the histories. */
export type Workers = Pick<Pool, "run"> & {
    options: Pick<Pool["options"], "maxThreads">
}

/** Between lines where no bar can be drawn. */
const LINE_MS = 10_000

export class Rounds {
    private readonly startedAt = Date.now()
    private nextSeed: number
    private readonly failures: Outcome[] = []
    /** before all was played */
    isStopped = false

    constructor(
        private readonly pool: Workers,
        private readonly opts: RoundOptions,
        private readonly tally: Tally,
    ) {
        this.nextSeed = opts.from
    }

    /** @returns what failed, the lowest seed first */
    async play(): Promise<Outcome[]> {
        const bar = new SingleBar({
            format:
                "{bar} {percentage} % | {seeds} seeds, {speed} a second | " +
                "{faults} faults | {hours} virtual hours | {failed} failed | {left}",
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
        return this.failures.sort((x, y) => x.plan.seed - y.plan.seed)
    }

    /** Begins no more histories: `play` ends when those under way have. */
    stop() {
        this.isStopped = true
    }

    private async worker(show: () => void) {
        while (!this.isOver) {
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

    /** A long run tells at once what its end tells once more. */
    private fail(outcome: Outcome) {
        this.failures.push(outcome)
        if (!this.opts.keepGoing) return
        const { seed } = outcome.plan
        for (const { check, what } of outcome.violations)
            console.error(`\nseed ${seed} FAILED ${check}: ${what}`)
    }

    private get isOver() {
        return (
            this.isStopped ||
            this.share >= 1 ||
            (this.failures.length > 0 && !this.opts.keepGoing)
        )
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
            failed: this.failures.length,
            left: `${Math.ceil(left / 60)} min left`,
        }
    }
}
