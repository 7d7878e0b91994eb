/** Every power-cut point of small workloads, on all cores. */
import { endProgress, progress } from "../../measure/report.ts"
import { table } from "../../measure/table.ts"
import { makePool } from "../job.ts"
import { MODES, type Mode } from "./modes.ts"
import { prepareCards, rehearse } from "./point.ts"
import type { Failure, Tally, Task } from "./worker.ts"
import { WHO, type Who, type Workload } from "./workload.ts"
import { WORKLOADS, workloadOf } from "./workloads/index.ts"

export interface CutsOptions {
    /** all, unless named */
    workload?: string
    who?: Who
    mode?: Mode
    /** only before this transfer of the window; the first is 1 */
    at?: number
}

/** Points of a task: a second or two of work. */
const TASK_POINTS = 8
/** Failures that are shown of each workload. */
const SHOWN = 5
const PROGRESS_MS = 5000

/** What has come of a workload, for one choice of whose power is cut. */
interface Row extends Tally {
    workload: string
    who: Who
    transfers: number
}

/** @returns whether all held that must hold */
export async function cuts(options: CutsOptions): Promise<boolean> {
    const since = Date.now()
    const rows = await rowsOf(options)
    const modes = options.mode ? [options.mode] : MODES
    const tasks = rows.flatMap(row => tasksOf(row, modes, options.at))
    const all = tasks.reduce((n, { task }) => n + pointsOf(task), 0)
    let shownAt = 0
    await inPool(tasks, () => {
        if (Date.now() - shownAt < PROGRESS_MS) return
        shownAt = Date.now()
        const done = rows.reduce((n, row) => n + row.points, 0)
        const failed = rows.reduce((n, row) => n + row.failures.length, 0)
        progress(
            `power cuts: ${done} of ${all}, ${failed} failed, ` +
                `${Math.round((Date.now() - since) / 1000)} s`,
        )
    })
    endProgress()
    print(rows, (Date.now() - since) / 1000)
    return rows.every(row => row.failures.length === 0)
}

async function rowsOf({ workload, who }: CutsOptions): Promise<Row[]> {
    await prepareCards()
    const rows: Row[] = []
    for (const w of workload ? [workloadOf(workload)] : WORKLOADS)
        rows.push(...(await rowsOfWorkload(w, who)))
    return rows
}

async function rowsOfWorkload(w: Workload, who?: Who): Promise<Row[]> {
    const { makers } = await rehearse(w)
    return WHO.filter(x => w.who.includes(x) && (!who || who === x)).map(x => ({
        workload: w.name,
        who: x,
        transfers: makers.length,
        points: 0,
        programming: 0,
        ms: 0,
        pauseUs: 0,
        failures: [],
    }))
}

interface Job {
    task: Task
    row: Row
}

function tasksOf(row: Row, modes: readonly Mode[], at?: number): Job[] {
    const jobs: Job[] = []
    const last = at ?? row.transfers
    for (let from = at ?? 1; from <= last; from += TASK_POINTS) {
        const { workload, who } = row
        const to = Math.min(last, from + TASK_POINTS - 1)
        jobs.push({ row, task: { workload, who, modes, from, to } })
    }
    return jobs
}

function pointsOf({ modes, from, to }: Task) {
    return modes.length * (to - from + 1)
}

/** Hands out jobs to all cores. */
async function inPool(jobs: Job[], onDone: () => void) {
    const pool = makePool()
    const play = async ({ row, task }: Job) => {
        add(row, (await pool.run(task, { name: "cut" })) as Tally)
        onDone()
    }
    await Promise.all(jobs.map(play))
    await pool.destroy()
}

function add(row: Row, tally: Tally) {
    row.points += tally.points
    row.programming += tally.programming
    row.ms += tally.ms
    row.pauseUs = Math.max(row.pauseUs, tally.pauseUs)
    row.failures.push(...tally.failures)
}

function print(rows: Row[], seconds: number) {
    const head = [
        ...["workload", "power of", "SPI transfers", "cuts"],
        ...["while programming", "ms each", "longest pause ms", "failures"],
    ]
    console.log(
        table(
            head,
            rows.map(r => [
                r.workload,
                r.who,
                r.transfers,
                r.points,
                r.programming,
                r.ms / r.points,
                r.pauseUs / 1000,
                r.failures.length,
            ]),
        ),
    )
    const points = rows.reduce((n, r) => n + r.points, 0)
    const failed = rows.reduce((n, r) => n + r.failures.length, 0)
    console.log(
        `\n${points} power cuts, ${failed} failed, ` +
            `${seconds.toFixed(0)} seconds`,
    )
    for (const row of rows) row.failures.slice(0, SHOWN).forEach(printFailure)
}

function printFailure({ workload, who, mode, k, message }: Failure) {
    console.log(
        `\nFAIL ${message}\n    npm run torture -- cuts ` +
            `--workload ${workload} --who ${who} --mode ${mode} --at ${k}`,
    )
}
