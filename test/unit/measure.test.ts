/** What `npm run bench` makes of its measurements. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Initiator } from "../../devs/initiator/initiator.ts"
import { growth, type Mark } from "../../devs/measure/heap.ts"
import { runLoad } from "../../devs/measure/load.ts"
import { table } from "../../devs/measure/table.ts"
import { Random } from "../../devs/sim/random.ts"

function mark(seconds: number, a: number, b: number): Mark {
    return { seconds, used: { a, b }, largestFree: { a: 0, b: 0 } }
}

test("a heap that ends as it began has not grown", () => {
    const marks = [mark(60, 500, 600), mark(90, 540, 600), mark(120, 500, 590)]
    assert.deepEqual(growth(marks), [])
})

test("a heap that has grown is told with board and bytes", () => {
    const told = growth([mark(60, 500, 600), mark(120, 500, 616)])
    assert.deepEqual(told, ["board b's heap grew from 600 B to 616 B in 60 s"])
})

/** A target that needs a second for each command, one after the other. */
function slowTarget() {
    const target = { seconds: 0, inFlight: 0, mostInFlight: 0 }
    let last = Promise.resolve()
    const command = async () => {
        target.mostInFlight = Math.max(target.mostInFlight, ++target.inFlight)
        await (last = last.then(() => void target.seconds++))
        target.inFlight--
        return { status: 0, sense: 0 }
    }
    const initiator = { write: command, read: command }
    return { target, initiator: initiator as unknown as Initiator }
}

test("a load keeps its depth and counts what its span has", async () => {
    const { target, initiator } = slowTarget()
    const outcome = await runLoad(initiator, {
        load: { kind: "write", order: "random", blocks: 8, depth: 4 },
        span: { warmOps: 5, ops: 20 },
        volume: 1024,
        random: new Random(1),
        now: () => target.seconds * 1e6,
    })
    assert.equal(target.mostInFlight, 4)
    assert.equal(outcome.ops, 20)
    assert.equal(outcome.us, 20e6)
    assert.equal(outcome.iops, 1)
    assert.equal(outcome.kBps, 4.096)
    assert.equal(outcome.latency.max / 1e6, 4)
})

test("a table lines up, with the digits that are worth reading", () => {
    const rows = [
        ["write", 1234.5],
        ["read", 3.14159],
    ]
    assert.deepEqual(table(["", "IOPS"], rows).split("\n"), [
        "|       |  IOPS |",
        "| ----- | ----: |",
        "| write | 1,235 |",
        "| read  |  3.14 |",
    ])
})
