/** Pairs that lose their power and get it back. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { BOARD_NAMES, unlimitedSpeed } from "../../devs/bench/pair.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

test("a pair that has rested comes up mirrored, with its data", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed() })
    const data = pattern(0, 64, 1)
    await bench.runScript(async () => {
        for (const name of BOARD_NAMES)
            assertGood(await (await loggedIn(bench, name)).write(0, data))
    })
    bench.run(3e6)
    bench.pair.setPower(false)
    for (const name of BOARD_NAMES) bench.consoles[name].forget()
    bench.run(1e6)
    bench.boot()
    await bench.runScript(async () => {
        for (const name of BOARD_NAMES) {
            const r = await (await loggedIn(bench, name)).read(0, 64)
            assertGood(r)
            assert.ok(r.data.equals(data))
        }
    })
})
