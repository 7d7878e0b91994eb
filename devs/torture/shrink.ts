/** Finds the shortest history that still shows a failure. */
import type { Job, Pool } from "./job.ts"
import { makePlan, type Edits } from "./plan.ts"
import type { Outcome } from "./run.ts"

export interface Shrunk {
    edits: Edits
    outcome: Outcome
    /** histories that were tried */
    tries: number
}

/** A second after the last fault, a history may end. */
const AFTER_LAST_MS = 1000

/** Leaves out whatever the failure does not need. */
export async function shrink(
    pool: Pool,
    failed: Outcome,
    tell: (tries: number) => void = () => {},
): Promise<Shrunk> {
    const { seed, profile } = failed.plan
    const plan = makePlan(seed, profile)
    const [{ check: wanted }] = failed.violations
    let best: Edits = {
        faults: plan.faults.map((_, i) => i),
        hosts: plan.hosts.map((_, i) => i),
    }
    let outcome = failed
    let tries = 0
    /** The first of some candidates that still fails becomes the best one. */
    const improve = async (candidates: Edits[]) => {
        const jobs = candidates.map(edits => ({ seed, profile, edits }))
        const outcomes = await Promise.all(
            jobs.map((j: Job) => pool.run(j) as Promise<Outcome>),
        )
        tries += jobs.length
        tell(tries)
        const found = outcomes.findIndex(o =>
            o.violations.some(v => v.check === wanted),
        )
        if (found < 0) return false
        best = candidates[found]
        outcome = outcomes[found]
        return true
    }
    for (;;) if (!(await improve(withoutOne(best, "faults")))) break
    for (;;) if (!(await improve(withoutOne(best, "hosts")))) break
    await improve([{ ...best, isCalm: true }])
    const ends = best.faults!.map(i => plan.faults[i].at + plan.faults[i].lasts)
    const runMs = Math.ceil(Math.max(0, ...ends) / 1000) + AFTER_LAST_MS
    if (runMs < plan.runUs / 1000) await improve([{ ...best, runMs }])
    return { edits: best, outcome, tries }
}

function withoutOne(edits: Edits, what: "faults" | "hosts"): Edits[] {
    const all = edits[what]!
    if (what === "hosts" && all.length === 1) return []
    return all.map((_, left) => ({
        ...edits,
        [what]: all.filter((_, i) => i !== left),
    }))
}

/** Arguments that repeat a history. */
export function argumentsOf(plan: { seed: number; profile: string }, e: Edits) {
    const parts = [`--seed ${plan.seed}`, `--profile ${plan.profile}`]
    if (e.faults) parts.push(`--faults ${e.faults.join() || "none"}`)
    if (e.hosts) parts.push(`--hosts ${e.hosts.join()}`)
    if (e.runMs) parts.push(`--run-ms ${e.runMs}`)
    if (e.isCalm) parts.push("--calm")
    return parts.join(" ")
}
