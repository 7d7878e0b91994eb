/** Histories in processes of their own: one for each core. */
import { availableParallelism } from "node:os"
import { Tinypool } from "tinypool"
import { buildProgram } from "../vm/program.ts"
import { edited, makePlan, type Edits } from "./plan.ts"
import { run, type Outcome } from "./run.ts"

export interface Job {
    seed: number
    profile: string
    edits?: Edits
}

/** What a worker does. */
export default async function play(job: Job): Promise<Outcome> {
    const plan = edited(makePlan(job.seed, job.profile), job.edits ?? {})
    return await run(plan, buildProgram())
}

/** Workers for all cores. */
export function makePool() {
    const threads = availableParallelism()
    return new Tinypool({
        filename: import.meta.url,
        runtime: "child_process",
        minThreads: threads,
        maxThreads: threads,
        // a world that was dropped may still have promises that end badly
        isolateWorkers: false,
    })
}

export type Pool = ReturnType<typeof makePool>
