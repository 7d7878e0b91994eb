/** One board dies in the middle of writes: no acknowledged one may be lost. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    other,
    picoSpeed,
    unlimitedSpeed,
} from "../../devs/bench/pair.ts"
import type { BoardName, Speed } from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import { mirroredPair } from "../support/bench.ts"
import { Writer } from "../support/writer.ts"

/**
 * On a Pico twelve commands are in flight, and each takes 40 ms; twice that
 * while a board that hung, and was reset, is brought up to date. A host that
 * has to find out by itself waits for its own patience: 3 s.
 */
const SPEEDS = {
    "unlimited speed": { speed: unlimitedSpeed(), kills: 10, limitUs: 1e6 },
    "a Pico's speed": { speed: picoSpeed(), kills: 3, limitUs: 3e6 },
}

/** How a board dies. */
const DEATHS: Record<string, (bench: VirtualBench, board: BoardName) => void> =
    {
        power: (bench, board) => bench.pair.nodes[board].board.setPower(false),
        hang: (bench, board) => bench.pair.nodes[board].board.setHung(true),
    }

/** Of virtual time: a Pico is slow, and brings its partner up to date. */
const LIMIT_US = 150e6

/** Two hosts write to the one that dies, one to the one that stays. */
function writers(bench: VirtualBench, victim: BoardName) {
    const region = { blocks: 240, depth: 4, longest: 20 }
    return [
        { target: victim, first: 0 },
        { target: victim, first: 30_000, fua: true },
        { target: other(victim), first: 500 },
    ].map(w => new Writer(bench, bench.random.fork(), { ...region, ...w }))
}

async function killAndCheck(
    death: string,
    victim: BoardName,
    seed: number,
    { speed, limitUs }: { speed: Speed; limitUs: number },
) {
    const bench = mirroredPair({ speed, seed })
    const hosts = writers(bench, victim)
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        while (hosts.some(h => h.count < 5)) await bench.script.sleep(1000)
        await bench.script.sleep(bench.random.int(0, 100_000))
        DEATHS[death](bench, victim)
        const before = hosts.map(h => h.count)
        while (hosts.some((h, i) => h.count < before[i] + 10))
            await bench.script.sleep(1000)
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
    }, LIMIT_US)
    assert.ok(bench.said(other(victim), /^took over/))
    for (const h of hosts)
        assert.ok(h.longestPause < limitUs, `${h.longestPause} µs`)
    return Math.max(...hosts.map(h => h.longestPause))
}

for (const [name, how] of Object.entries(SPEEDS))
    for (const death of Object.keys(DEATHS))
        for (const victim of BOARD_NAMES)
            test(`${death} of ${victim} in mid-write, at ${name}, loses nothing that was acknowledged`, async t => {
                for (let k = 0; k < how.kills; k++) {
                    const seed = 100 * k + (victim === "a" ? 1 : 2)
                    const pause = await killAndCheck(
                        death,
                        victim,
                        seed,
                        how,
                    ).catch((e: Error) => {
                        e.message = `seed ${seed}: ${e.message}`
                        throw e
                    })
                    t.diagnostic(`seed ${seed}: pause ${pause / 1000} ms`)
                }
            })
