/** A board that died comes back: it is caught up, and gets its volume back. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    other,
    picoSpeed,
    unlimitedSpeed,
} from "../../devs/bench/pair.ts"
import { mirroredPair } from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"
import { writersOfBoth } from "../support/writer.ts"

const AWAY_US = 2e6

for (const [speed, name] of [
    [unlimitedSpeed(), "unlimited speed"],
    [picoSpeed(), "a Pico's speed"],
] as const)
    for (const victim of BOARD_NAMES)
        test(`${victim} dies and comes back, at ${name}`, async t => {
            const bench = mirroredPair({ speed, seed: 5 })
            const { board } = bench.pair.nodes[victim]
            const hosts = writersOfBoth(bench, {
                first: 4000,
                blocks: 600,
                depth: 2,
                longest: 16,
                restUs: 20_000,
            })
            await bench.runScript(async () => {
                const running = Promise.all(hosts.map(h => h.run()))
                await bench.script.sleep(500_000)
                board.setPower(false)
                await bench.script.sleep(AWAY_US)
                board.setPower(true)
                for (const h of hosts) h.longestPause = 0
                const us = await untilMirrored(bench)
                t.diagnostic(`from power to giveback ${us / 1000} ms`)
                for (const h of hosts) {
                    const ms = h.longestPause / 1000
                    t.diagnostic(`longest pause of a host ${ms} ms`)
                    assert.ok(ms < 2000, "hosts hear of a giveback")
                }
                await bench.script.sleep(500_000)
                for (const h of hosts) h.stop()
                await running
                for (const h of hosts) await h.verify()
                await bench.script.sleep(2e6)
            }, 120e6)
            for (const h of hosts) t.diagnostic(`lost ${h.losses} connections`)
            assert.ok(bench.said(other(victim), /given back/))
            assertEqualCards(bench)
        })

test("who brings its partner up to date dies: nobody serves old data", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 6 })
    const { a, b } = bench.pair.nodes
    const hosts = writersOfBoth(bench, { first: 4000, blocks: 600, depth: 2 })
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(500_000)
        a.board.setPower(false)
        await bench.script.sleep(AWAY_US)
        a.board.setPower(true)
        while (!bench.said("b", /resyncing/)) await bench.script.sleep(1000)
        await bench.script.sleep(20_000)
        b.board.setPower(false)
        // longer than any takeover takes
        await bench.script.sleep(2e6)
        assert.equal(bench.consoles.a.status.serves, "none")
        b.board.setPower(true)
        await untilMirrored(bench)
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
        await bench.script.sleep(2e6)
    }, 120e6)
    assert.ok(!bench.said("a", /^took over/))
    assertEqualCards(bench)
})

test("who is brought up to date is lost: its partner has all of its memory", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 10 })
    const { a } = bench.pair.nodes
    const [, host] = writersOfBoth(bench, { first: 4000, blocks: 600 })
    /** Once, the link's connection is reset. */
    const resetLink = () => {
        bench.pair.cable.fault = p => {
            if (p.kind !== "tcp" || p.syn || !p.data.length) return p
            bench.pair.cable.fault = whole => whole
            return { ...p, rst: true, data: p.data.subarray(0, 0) }
        }
    }
    await bench.runScript(async () => {
        a.board.setPower(false)
        await bench.script.sleep(AWAY_US)
        const running = host.run()
        await bench.script.sleep(1e6)
        host.stop()
        await running
        for (let round = 0; round < 16; round++) {
            const since = bench.world.now / 1000
            a.board.setPower(true)
            while (
                !bench.consoles.b.events.some(
                    e => e.ms > since && /b resyncing/.test(e.text),
                )
            )
                await bench.script.sleep(1000)
            await bench.script.sleep(bench.random.int(1, 20) * 1000)
            resetLink()
            await bench.script.sleep(2000)
            a.board.setPower(false)
            await bench.script.sleep(2e6)
            assert.equal(bench.consoles.b.status["volume.b"], "alone")
            assert.equal(bench.consoles.b.counters.pool, "24")
        }
    }, 200e6)
})

test("a link that is cut and mended, five times under load", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 7 })
    const hosts = writersOfBoth(bench, { first: 4000, blocks: 600, depth: 2 })
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        for (let round = 0; round < 5; round++) {
            await bench.script.sleep(300_000)
            bench.pair.cut("link", true)
            await bench.script.sleep(bench.random.int(1, 900_000))
            bench.pair.cut("link", false)
            await bench.script.sleep(10_000)
            await untilMirrored(bench)
        }
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
        await bench.script.sleep(2e6)
    }, 200e6)
    for (const name of BOARD_NAMES) assert.ok(!bench.said(name, /took over/))
    for (const h of hosts) assert.equal(h.losses, 0)
    assertEqualCards(bench)
})
