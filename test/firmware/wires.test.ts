/**
 * One wire breaks while both boards live: nobody takes over, service goes on,
 * and the console says which wire it is.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    unlimitedSpeed,
    type BoardName,
    type WireName,
} from "../../devs/bench/pair.ts"
import { mirroredPair } from "../support/bench.ts"
import { writerOf, writersOfBoth } from "../support/writer.ts"

const speed = unlimitedSpeed()

/** What a board says of a wire: pattern by board that must notice. */
const WIRES: Record<
    Exclude<WireName, "lan-a" | "lan-b">,
    Partial<Record<BoardName, RegExp>>
> = {
    link: { a: /^link lost, but/, b: /^link lost, but/ },
    "beat-a": { b: /^heartbeat lost, but/ },
    "beat-b": { a: /^heartbeat lost, but/ },
    "fence-a": { a: /^fence broken/ },
    "fence-b": { b: /^fence broken/ },
    present: { a: /^cable out/, b: /^cable out/ },
}

for (const [wire, words] of Object.entries(WIRES))
    test(`${wire} cut: nobody takes over, service goes on`, async t => {
        const bench = mirroredPair({ speed, seed: 7 })
        const hosts = writersOfBoth(bench)
        await bench.runScript(async () => {
            const running = Promise.all(hosts.map(h => h.run()))
            await bench.script.sleep(300_000)
            bench.pair.cut(wire as WireName, true)
            await bench.script.sleep(3e6)
            const before = hosts.map(h => h.count)
            await bench.script.sleep(1e6)
            hosts.forEach((h, i) => assert.ok(h.count > before[i] + 10))
            bench.pair.cut(wire as WireName, false)
            await bench.script.sleep(1e6)
            for (const h of hosts) h.stop()
            await running
            for (const h of hosts) await h.verify()
        })
        for (const h of hosts) {
            assert.equal(h.losses, 0, "a host lost its connection")
            t.diagnostic(`longest pause ${h.longestPause / 1000} ms`)
            assert.ok(h.longestPause < 1e6)
        }
        for (const board of BOARD_NAMES) {
            const pattern = words[board]
            if (pattern) assert.ok(bench.said(board, pattern), board)
            assert.ok(!bench.said(board, /^(fencing|took over)/))
            assert.equal(bench.consoles[board].status.serves, board)
        }
    })

test("the link's connection is reset in mid-write: nothing that was acknowledged is lost", async () => {
    const bench = mirroredPair({ speed, seed: 9 })
    const hosts = writersOfBoth(bench)
    let resets = 0
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(300_000)
        bench.pair.cable.fault = p => {
            if (resets > 0 || p.kind !== "tcp" || p.data.length < 1000) return p
            resets++
            return { ...p, rst: true, data: new Uint8Array() }
        }
        await bench.script.sleep(2e6)
        const before = hosts.map(h => h.count)
        await bench.script.sleep(1e6)
        hosts.forEach((h, i) => assert.ok(h.count > before[i] + 10))
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
    })
    assert.equal(resets, 1)
    for (const h of hosts) {
        assert.equal(h.losses, 0, "a host lost its connection")
        assert.ok(h.longestPause < 1e6, `${h.longestPause} µs`)
    }
    for (const board of BOARD_NAMES) {
        assert.ok(!bench.said(board, /^(fencing|took over)/))
        assert.equal(bench.consoles[board].status.serves, board)
    }
})

for (const board of BOARD_NAMES)
    test(`lan-${board} cut: nobody takes over, hosts come back with the cable`, async () => {
        const bench = mirroredPair({ speed, seed: 8 })
        const h = writerOf(bench, board)
        await bench.runScript(async () => {
            const running = h.run()
            await bench.script.sleep(300_000)
            bench.pair.cut(`lan-${board}`, true)
            await bench.script.sleep(3e6)
            bench.pair.cut(`lan-${board}`, false)
            const before = h.count
            while (
                h.count < before + 20 ||
                !bench.said(board, /LAN cable is back/)
            )
                await bench.script.sleep(1000)
            h.stop()
            await running
            await h.verify()
        })
        assert.ok(bench.said(board, /LAN cable lost/))
        for (const name of BOARD_NAMES) {
            assert.ok(!bench.said(name, /^(fencing|took over)/))
            assert.equal(bench.consoles[name].status.serves, name)
        }
        assert.ok(bench.isMirrored)
    })
