/** Cards that are busy where most are not. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { typicalTiming } from "../../devs/bench/sdcard/timing.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

test("a card that is busy after each read (R1b of CMD12) is waited for", async () => {
    const bench = mirroredPair({
        speed: unlimitedSpeed(),
        timing: { ...typicalTiming, stopUs: () => 1000 },
    })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        for (let k = 0; k < 10; k++) {
            const data = pattern(k * 8, 8, k)
            assertGood(await i.write(k * 8, data))
            const reads = [i.read(k * 8, 8), i.read(9000, 8), i.read(9500, 8)]
            for (const r of reads) assertGood(await r)
            assert.ok((await reads[0]).data.equals(data))
        }
    })
    assert.equal(bench.said("a", /card failed|card read/), false)
})
