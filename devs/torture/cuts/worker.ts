/** Runs power cuts, one after the other, for cuts.ts. */
import type { Mode } from "./modes.ts"
import { prepareCards, rehearse, runPoint, type Rehearsal } from "./point.ts"
import type { Who } from "./workload.ts"
import { workloadOf } from "./workloads/index.ts"

/** Neighbouring points of one workload. */
export interface Task {
    workload: string
    who: Who
    modes: readonly Mode[]
    from: number
    to: number
}

export interface Failure {
    workload: string
    who: Who
    mode: Mode
    k: number
    message: string
}

export interface Tally {
    /** cuts that were looked at */
    points: number
    /** of them, cuts while a card was programming */
    programming: number
    /** milliseconds that they took */
    ms: number
    /** the longest time without service, in virtual microseconds */
    pauseUs: number
    failures: Failure[]
}

const rehearsals = new Map<string, Rehearsal>()

async function rehearsalOf(name: string): Promise<Rehearsal> {
    const known = rehearsals.get(name)
    if (known) return known
    const made = await rehearse(workloadOf(name))
    rehearsals.set(name, made)
    return made
}

/** Runs all points of a task. */
export async function runTask(task: Task): Promise<Tally> {
    const since = Date.now()
    const tally: Tally = {
        points: 0,
        programming: 0,
        ms: 0,
        pauseUs: 0,
        failures: [],
    }
    await prepareCards()
    for (let k = task.from; k <= task.to; k++) await runModes(task, k, tally)
    tally.ms = Date.now() - since
    return tally
}

/** A cut while no card is programming is one and the same in all modes. */
async function runModes(task: Task, k: number, tally: Tally) {
    const workload = workloadOf(task.workload)
    const rehearsal = await rehearsalOf(task.workload)
    let isProgramming = true
    for (const mode of task.modes) {
        tally.points++
        if (!isProgramming) continue
        try {
            const point = { workload, who: task.who, mode, k }
            const r = await runPoint(point, rehearsal)
            tally.pauseUs = Math.max(tally.pauseUs, r.pauseUs)
            isProgramming = r.pending > 0
        } catch (e) {
            const message = e instanceof Error ? e.message : String(e)
            const { workload, who } = task
            tally.failures.push({ workload, who, mode, k, message })
        }
        if (isProgramming) tally.programming++
    }
}
