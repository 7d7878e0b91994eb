/** How long a host waits for what must be on both cards. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

/** An idle link is pinged every 20 ms. */
const PING_MS = 20

test("FUA waits for the partner's card, not for its next ping", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed() })
    const waits: number[] = []
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        for (let k = 0; k < 21; k++) {
            const start = bench.world.now
            assertGood(await i.write(k * 16, pattern(k * 16, 8, k), true))
            waits.push((bench.world.now - start) / 1000)
        }
    })
    const median = waits.sort((x, y) => x - y)[10]
    assert.ok(median < PING_MS * 0.75, `median ${median.toFixed(1)} ms`)
})
