/**
 * Both boards lose power in the same moment, again and again: what a host was
 * promised is there, both cards become equal, and only where hosts were writing
 * has to be copied.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { mirroredPair } from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"
import { writersOfBoth } from "../support/writer.ts"

const ROUNDS = 12
/** Where hosts write: two groups of eight extents of 32 blocks, cut by half. */
const REGION = { first: 40 * 256 + 128, blocks: 256 }
const GROUPS = 2 * 8 * 32

test("both boards lose power at once, at random moments", async t => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 21 })
    const hosts = writersOfBoth(bench, {
        ...REGION,
        depth: 3,
        fua: true,
        mayTear: true,
    })
    let resyncs = 0
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        for (let round = 0; round < ROUNDS; round++) {
            const counts = hosts.map(h => h.count)
            while (hosts.some((h, i) => h.count === counts[i]))
                await bench.script.sleep(1000)
            await bench.script.sleep(bench.random.int(0, 300_000))
            const since = bench.world.now / 1000
            bench.pair.setPower(false)
            await bench.script.sleep(100_000)
            bench.pair.setPower(true)
            await bench.script.sleep(300_000)
            await untilMirrored(bench)
            for (const { ms, text } of bench.events) {
                const blocks = /resyncing blocks=(\d+)/.exec(text)?.[1]
                if (ms < since || blocks === undefined) continue
                assert.ok(Number(blocks) <= GROUPS, `${blocks} blocks copied`)
                resyncs++
            }
        }
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
        await bench.script.sleep(2e6)
    }, 300e6)
    t.diagnostic(`${resyncs} volumes were brought up to date`)
    assert.ok(resyncs > ROUNDS, "power was lost while hosts were writing")
    assertEqualCards(bench)
})
