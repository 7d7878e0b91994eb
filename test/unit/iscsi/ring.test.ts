import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const ring = await import("../../../src/iscsi/ring.ts")

/** As many as there are tasks. */
const LIMIT = 12

/** All items, oldest first. */
function items(r: Buffer): number[] {
    const copy = r.slice()
    const all: number[] = []
    while (!ring.isEmpty(copy)) {
        all.push(ring.first(copy))
        ring.shift(copy)
    }
    return all
}

const item = fc.nat(LIMIT - 1)
const action = fc.oneof(
    { weight: 6, arbitrary: fc.record({ push: item }) },
    { weight: 4, arbitrary: fc.constant("shift" as const) },
    { weight: 3, arbitrary: fc.record({ remove: item }) },
    { weight: 1, arbitrary: fc.constant("clear" as const) },
)

test("a ring is a queue from which any item can be taken", () => {
    // long enough for both counters to pass 255
    const actions = fc.array(action, { minLength: 600, maxLength: 900 })
    fc.assert(
        fc.property(actions, actions => {
            const r = ring.makeRing()
            let model: number[] = []
            for (const a of actions) {
                if (a === "clear") {
                    ring.clear(r)
                    model = []
                } else if (a === "shift") {
                    if (model.length) ring.shift(r)
                    model.shift()
                } else if ("push" in a) {
                    // a task is at most once in a ring
                    if (model.includes(a.push)) continue
                    ring.push(r, a.push)
                    model.push(a.push)
                } else {
                    ring.remove(r, a.remove)
                    model = model.filter(i => i !== a.remove)
                }
                assert.deepEqual(items(r), model)
                assert.equal(ring.count(r), model.length)
                assert.equal(ring.isEmpty(r), model.length === 0)
                if (model.length > 1) assert.equal(ring.second(r), model[1])
            }
        }),
        { seed: 2, numRuns: 20 },
    )
})
