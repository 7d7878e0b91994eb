/**
 * The heap holds what a board needs at its worst, and something to spare: the
 * VM moves nothing, so that its holes are small after a while.
 */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import type { Plan } from "../../devs/torture/plan.ts"
import { run } from "../../devs/torture/run.ts"
import { buildPatched, ROOT } from "../../devs/vm/program.ts"

const FILE =
    "test/torture/regressions/long-values-beside-a-resync-over-the-lan.json"
/** What a board can do without, in bytes. */
const SPARE = 2048
const FLOODS = 3

/** The reserve of boot is not given back as a whole. */
const smaller = () =>
    buildPatched("less-heap", [
        {
            file: "src/reserve.ts",
            find: "    reserve = undefined\n",
            replace: `    reserve = undefined\n    reserve = Buffer.alloc(${SPARE})\n`,
        },
    ])

for (let seed = 1; seed <= FLOODS; seed++)
    test(`a board that is flooded beside a resync over the LAN has ${SPARE} bytes to spare (seed ${seed})`, async () => {
        const text = readFileSync(path.join(ROOT, FILE), "utf8")
        const plan = JSON.parse(text) as Plan
        // a second flood, most times of the other board
        const flood = plan.faults.find(f => f.name === "host-flood")!
        plan.faults.push({ ...flood, at: flood.at + 200_000, seed: 2 * seed })
        flood.seed = 2 * seed + 1
        const outcome = await run(plan, smaller())
        assert.deepEqual(outcome.violations, [])
    })
