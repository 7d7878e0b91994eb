/** Two boards that serve one volume: when that is excused, and when not. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import play from "../../devs/torture/job.ts"
import { edited, type Plan } from "../../devs/torture/plan.ts"
import { faults } from "../../devs/torture/faults/index.ts"
import { HIDDEN, isAllHidden } from "../../devs/torture/witnesses.ts"
import { ROOT } from "../../devs/vm/program.ts"

const FILE = "test/torture/regressions/all-signs-hidden-at-once.json"
const plan = JSON.parse(readFileSync(path.join(ROOT, FILE), "utf8")) as Plan
/** Which of its faults hide each sign of life. */
const HIDING = [
    "beat-missing",
    "link-one-way",
    "fence-stuck-high",
    "chip-reset",
]

test("what hides signs of life are faults that there are", () => {
    for (const name of Object.keys(HIDDEN)) assert.ok(faults.has(name), name)
})

test("no fault hides all of them, nor do three of these four", () => {
    for (const name of Object.keys(HIDDEN)) assert.ok(!isAllHidden([name]))
    assert.ok(isAllHidden(HIDING))
    for (const name of HIDING)
        assert.ok(!isAllHidden(HIDING.filter(n => n !== name)), name)
})

function without(name?: string) {
    const kept = plan.faults.flatMap((f, i) => (f.name === name ? [] : [i]))
    const { seed, profile } = plan
    return play({ seed, profile, plan: edited(plan, { faults: kept }) })
}

test("all hidden in one moment: two serve, and that is told", async () => {
    const { violations, wasBlind } = await without()
    assert.deepEqual(violations, [])
    assert.ok(wasBlind)
})

for (const name of HIDING)
    test(`without ${name}: one serves`, async () => {
        const { violations, wasBlind } = await without(name)
        assert.deepEqual(violations, [])
        assert.ok(!wasBlind)
    })
