/** The power is cut at every single SPI transfer of two small workloads. */
import assert from "node:assert/strict"
import { before, test } from "node:test"
import { bugOf } from "../../devs/torture/bugs/index.ts"
import { MODES, type Mode } from "../../devs/torture/cuts/modes.ts"
import {
    playWith,
    prepareCards,
    rehearse,
    runPoint,
    type PointResult,
} from "../../devs/torture/cuts/point.ts"
import { runTask } from "../../devs/torture/cuts/worker.ts"
import type { Who } from "../../devs/torture/cuts/workload.ts"
import { workloadOf } from "../../devs/torture/cuts/workloads/index.ts"
import { buildPatched } from "../../devs/vm/program.ts"

before(prepareCards)

/** `npm run torture -- cuts` has all workloads and modes. */
const SMALL: [workload: string, who: Who, modes: readonly Mode[]][] = [
    ["write-1", "b", MODES],
    ["write-1", "both", ["torn"]],
    ["new-card-format", "both", ["torn"]],
]

for (const [workload, who, modes] of SMALL)
    test(`${workload}: no power cut of ${who} loses what was acknowledged`, async t => {
        const { makers } = await rehearse(workloadOf(workload))
        const to = makers.length
        const task = { workload, who, modes, from: 1, to }
        const { points, programming, failures } = await runTask(task)
        assert.deepEqual(failures, [])
        assert.equal(points, to * modes.length)
        assert.ok(programming > 0, "no cut hit a card that programs")
        t.diagnostic(`${points} cuts, ${programming} while programming`)
    })

test("a point is the same each time", async () => {
    const workload = workloadOf("write-8")
    const rehearsal = await rehearse(workload)
    assert.deepEqual(await rehearse(workload), rehearsal)
    const point = { workload, who: "both" as const, k: 60 }
    const results: Record<string, PointResult[]> = {}
    for (const mode of MODES)
        for (let i = 0; i < 2; i++)
            (results[mode] ??= []).push(
                await runPoint({ ...point, mode }, rehearsal),
            )
    for (const [first, second] of Object.values(results))
        assert.deepEqual(first, second)
})

/** What the life of a pair shows of firmware that is wrong. */
const WRONG: [bug: string, workload: string, what: RegExp][] = [
    [
        "filling-takeover",
        "resync-partners",
        // which of them, depends on how far the copy has come
        /volume b block \d+ holds 1, not|no service of b/,
    ],
    ["no-dirty-mark", "marks-by-a", /cards differ/],
]

for (const [slug, name, what] of WRONG)
    test(`${name}: the check sees a board that ${bugOf(slug).name}`, async () => {
        playWith(buildPatched(slug, bugOf(slug).patches))
        await prepareCards()
        const workload = workloadOf(name)
        const rehearsal = await rehearse(workload)
        const k = Math.floor(rehearsal.makers.length / 2)
        const point = {
            workload,
            who: "a" as const,
            mode: "atomic" as const,
            k,
        }
        await assert.rejects(runPoint(point, rehearsal), what)
    })
