/**
 * Whether the checks can fail: plants a bug into the firmware, and counts the
 * seeds until a history shows it.
 */
import type { Bug } from "./bugs/bug.ts"
import type { Job, Pool } from "./job.ts"
import { only } from "./profile.ts"
import type { Outcome } from "./run.ts"

export interface Catch {
    bug: Bug
    /** histories until it was caught; absent: it was not */
    seeds?: number
    seed?: number
    check?: string
    what?: string
}

/** Plays histories of the faults that show a bug, until one does. */
export async function hunt(
    pool: Pool,
    bug: Bug,
    from: number,
    limit: number,
): Promise<Catch> {
    const width = pool.options.maxThreads
    for (let done = 0; done < limit; done += width) {
        const seeds = Array.from({ length: width }, (_, i) => from + done + i)
        const outcomes = await Promise.all(
            seeds.map(seed => pool.run(jobOf(bug, seed)) as Promise<Outcome>),
        )
        const found = outcomes.findIndex(o => o.violations.length > 0)
        if (found < 0) continue
        const [{ check, what }] = outcomes[found].violations
        const seed = seeds[found]
        await mustBeClean(pool, { ...jobOf(bug, seed), bug: undefined })
        return { bug, seeds: done + found + 1, seed, check, what }
    }
    return { bug }
}

/** What fails without the bug as well says nothing of the bug. */
async function mustBeClean(pool: Pool, job: Job) {
    const { violations } = (await pool.run(job)) as Outcome
    if (violations.length)
        throw new Error(
            `seed ${job.seed} of ${job.profile} fails without any bug: ` +
                violations[0].what,
        )
}

export function jobOf(bug: Bug, seed: number): Job {
    return { seed, profile: only(bug.profile, bug.isInOrder), bug: bug.slug }
}
