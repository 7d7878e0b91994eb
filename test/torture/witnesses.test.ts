/** Two boards that serve one volume: when that is excused, and when not. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { BOARD_NAMES, other, type BoardName } from "../../devs/bench/pair.ts"
import play from "../../devs/torture/job.ts"
import { edited, makePlan } from "../../devs/torture/plan.ts"
import { faults } from "../../devs/torture/faults/index.ts"
import { HIDDEN, isOneHidden } from "../../devs/torture/witnesses.ts"

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
    for (const name of Object.keys(HIDDEN)) assert.ok(!isOneHidden([{ name }]))
    const all = HIDING.map(name => ({ name }))
    assert.ok(isOneHidden(all))
    for (const f of all) assert.ok(!isOneHidden(all.filter(g => g !== f)))
})

test("nor do four that hide signs of different boards", () => {
    const all = (beats: BoardName, fenced: BoardName) => [
        { name: "beat-cut", hides: beats },
        { name: "fence-stuck-high", hides: fenced },
        { name: "link-cut" },
        { name: "lan-split" },
    ]
    assert.ok(isOneHidden(all("b", "b")))
    assert.ok(!isOneHidden(all("a", "b")))
    assert.ok(!isOneHidden(all("b", "a")))
})

/** @param seed who discards its copy when all is over: a if it is even */
function without(name?: string, seed = plan.seed) {
    const kept = plan.faults.flatMap((f, i) => (f.name === name ? [] : [i]))
    const { profile } = plan
    return play({
        seed,
        profile,
        plan: edited({ ...plan, seed }, { faults: kept }),
    })
}

for (const [discards, seed] of [
    ["b", 1],
    ["a", 2],
] as const)
    test(`all hidden in one moment: two serve, and ${discards} discards its copy`, async () => {
        const { violations, wasBlind, events } = await without(undefined, seed)
        assert.ok(wasBlind)
        assert.deepEqual(violations, [])
        const told = (board: BoardName, text: string) =>
            assert.ok(
                events.some(e => e.board === board && e.text.includes(text)),
                `${board}: ${text}`,
            )
        for (const name of BOARD_NAMES)
            told(name, "volume b: both boards went on alone")
        told(discards, "command discard: done")
        told(other(discards), "port serves iqn.2026-11.com.example:twinstore.b")
    })

for (const name of HIDING)
    test(`without ${name}: one serves`, async () => {
        const { violations, wasBlind } = await without(name)
        assert.deepEqual(violations, [])
        assert.ok(!wasBlind)
    })
