/** Histories in processes of their own: one for each core. */
import { availableParallelism } from "node:os"
import { Tinypool } from "tinypool"
import { buildPatched, buildProgram } from "../vm/program.ts"
import { bugOf } from "./bugs/index.ts"
import { edited, makePlan, type Edits, type Plan } from "./plan.ts"
import { run, type Outcome } from "./run.ts"

export interface Job {
    seed: number
    profile: string
    edits?: Edits
    /** instead of the seed's own */
    plan?: Plan
    /** slug of a bug that is planted into the firmware */
    bug?: string
}

/** What a worker does. */
export default async function play(job: Job): Promise<Outcome> {
    return await run(planOf(job), programOf(job))
}

export function planOf({ plan, seed, profile, edits = {} }: Job): Plan {
    return plan ?? edited(makePlan(seed, profile), edits)
}

function programOf({ bug }: Job) {
    if (bug === undefined) return buildProgram()
    const { slug, patches } = bugOf(bug)
    return buildPatched(slug, patches)
}

/** The other thing that a worker does. */
export { runTask as cut } from "./cuts/worker.ts"

/** A terminal's Ctrl-C reaches workers, too: whoever has made them decides. */
if (process.connected) process.on("SIGINT", () => undefined)

/** Workers for all cores. */
export function makePool() {
    const threads = availableParallelism()
    return new Tinypool({
        filename: import.meta.url,
        runtime: "child_process",
        minThreads: threads,
        maxThreads: threads,
        // most objects die young, if they get the room to
        execArgv: [...process.execArgv, "--max-semi-space-size=32"],
        // a world that was dropped may still have promises that end badly
        isolateWorkers: false,
    })
}

export type Pool = ReturnType<typeof makePool>
