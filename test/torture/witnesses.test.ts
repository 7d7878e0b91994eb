/** Two boards that serve one volume: when that is excused, and when not. */
import assert from "node:assert/strict"
import { test } from "node:test"
import play from "../../devs/torture/job.ts"
import { edited, makePlan } from "../../devs/torture/plan.ts"
import { faults } from "../../devs/torture/faults/index.ts"
import { HIDDEN, isAllHidden } from "../../devs/torture/witnesses.ts"

/** All at once: they hide b from a, which cannot reset it. */
const [at, lasts] = [1e6, 2e6]
const FAULTS = [
    { name: "beat-cut", at, lasts, seed: 11 }, // b's
    { name: "link-cut", at, lasts, seed: 1 },
    { name: "fence-stuck-high", at, lasts, seed: 23758 }, // a's
    { name: "lan-split", at, lasts, seed: 314187 }, // both apart
]
const HIDING = FAULTS.map(f => f.name)
const plan = { ...makePlan(1, "quiet"), runUs: 4e6, faults: FAULTS }

test("what hides signs of life are faults that there are", () => {
    for (const name of Object.keys(HIDDEN)) assert.ok(faults.has(name), name)
})

test("no fault hides all of them, nor do three of four", () => {
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
    assert.ok(wasBlind)
    const two = violations.filter(v => /^one-(owner|server)$/.test(v.check))
    assert.deepEqual(two, [])
})

for (const name of HIDING)
    test(`without ${name}: one serves`, async () => {
        const { violations, wasBlind } = await without(name)
        assert.deepEqual(violations, [])
        assert.ok(!wasBlind)
    })
