/** A login whose text comes in pieces has blocks of the pool meanwhile. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

const SECOND_US = 1e6
/** A login must be over by then. */
const LOGIN_LIMIT_US = 10 * SECOND_US
/** More than a piece: what is not immediate is asked for by R2T. */
const LARGE = 64
const SMALL = 8

/** Login request with the C bit: more of its text is to come. */
function unfinishedLogin(): Buffer {
    const text = Buffer.from("InitiatorName=iqn.2026-11.com.example:slow\0")
    const bhs = Buffer.alloc(48)
    bhs.set([0x43, 0x44])
    bhs.writeUIntBE(text.length, 5, 3)
    return Buffer.concat([bhs, text, Buffer.alloc(-text.length & 3)])
}

test("a login in pieces that never goes on keeps no host waiting", async t => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 91 })
    let longestUs = 0
    await bench.runScript(async () => {
        const hosts = [await loggedIn(bench, "a"), await loggedIn(bench, "a")]
        const slow = bench.initiator("a", { isid: "402a545700ff" })
        const until = bench.world.now + LOGIN_LIMIT_US / 2
        const writer = async (n: number, blocks: number) => {
            for (let k = 0; bench.world.now < until; k++) {
                const from = bench.world.now
                const lba = 1000 * n + (k % 4) * LARGE
                const data = pattern(lba, blocks, k)
                assertGood(await hosts[n % 2].write(lba, data))
                longestUs = Math.max(longestUs, bench.world.now - from)
            }
        }
        const running = Promise.all(
            [LARGE, LARGE, LARGE, LARGE, SMALL, SMALL, SMALL, SMALL].map(
                (blocks, n) => writer(n, blocks),
            ),
        )
        // whoever finds no room comes again
        while (bench.world.now < until) {
            await slow.open()
            slow.sendRaw(unfinishedLogin())
            while (slow.isConnected && bench.world.now < until)
                await bench.script.sleep(10_000)
        }
        await running
        for (const h of hosts) await h.logout()
        await bench.script.sleep(LOGIN_LIMIT_US)
        assert.ok(!slow.isConnected)
        assert.ok(bench.said("a", /login takes too long/))
        const { pool, tasks } = bench.consoles.a.counters
        assert.deepEqual([pool, tasks], ["24", "12"])
    }, 10 * LOGIN_LIMIT_US)
    t.diagnostic(`longest write ${longestUs / 1000} ms`)
    assert.ok(longestUs < 3 * SECOND_US)
})
