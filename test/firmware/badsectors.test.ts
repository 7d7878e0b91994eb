/** What one card cannot read, the other one can. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    picoSpeed,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { assertEqualCards } from "../support/healing.ts"
import { verified, verifiedFirst } from "../support/verifying.ts"
import { writersOfBoth } from "../support/writer.ts"

const MIB = 1
const VOLUME_A = 2048
const MEDIUM_ERROR = 3
const REST_US = 2e6

/** These blocks of volume a cannot be read from a board's card. */
function weaken(bench: VirtualBench, board: BoardName, blocks: number[]) {
    bench.pair.nodes[board].card.faults.weakSectors = new Set(
        blocks.map(lba => VOLUME_A + lba),
    )
}

const isWhole = (bench: VirtualBench, board: BoardName) =>
    bench.pair.nodes[board].card.faults.weakSectors?.size === 0

for (const seed of [1, 2, 3, 4])
    test(`a resync that a bad sector stops holds up no other, seed ${seed}`, async () => {
        const bench = mirroredPair({ speed: unlimitedSpeed(), seed, mib: MIB })
        const hosts = writersOfBoth(bench, { first: 0 })
        await bench.runScript(async () => {
            const running = Promise.all(hosts.map(h => h.run()))
            await bench.script.sleep(500_000)
            bench.pair.setPower(false)
            const all = Array.from({ length: MIB * 2048 }, (_, i) => i)
            weaken(
                bench,
                "b",
                all.map(i => MIB * 2048 + i),
            )
            bench.pair.setPower(true)
            while (!bench.said("a", /^volume a mirrored again/))
                await bench.script.sleep(10_000)
            for (const h of hosts) h.stop()
            await running
        }, 20e6)
        assert.ok(bench.said("b", /volume b: resync stopped/))
    })

for (const [speed, name] of [
    [unlimitedSpeed(), "unlimited speed"],
    [picoSpeed(), "a Pico's speed"],
] as const)
    test(`blocks that the own card cannot read come from the partner's, at ${name}`, async () => {
        const bench = mirroredPair({ speed, seed: 51, mib: MIB })
        await bench.runScript(async () => {
            const host = await loggedIn(bench)
            assertGood(await host.write(0, pattern(0, 128, 1), true))
            weaken(bench, "a", [0, 3, 17, 50, 51, 127])
            for (const [lba, blocks] of [
                [0, 8],
                [3, 1],
                [10, 100],
                [0, 128],
            ]) {
                const r = await host.read(lba, blocks)
                assertGood(r)
                assert.ok(r.data.equals(pattern(lba, blocks, 1)))
            }
            await host.logout()
            // what is unreadable is mended meanwhile, which takes blocks, too
            const isWhole = (name: BoardName) => {
                const { pool, tasks } = bench.consoles[name].counters
                return pool === "24" && tasks === "12"
            }
            while (!isWhole("a") || !isWhole("b"))
                await bench.script.sleep(100_000)
        }, 30e6)
    })

test("hosts that write and read there see nothing old, and no error", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 52, mib: MIB })
    const all = Array.from({ length: 64 }, (_, lba) => lba)
    const hosts = writersOfBoth(bench, {
        first: 0,
        blocks: 64,
        longest: 8,
        reads: true,
    })
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        for (let k = 0; k < 40; k++) {
            weaken(bench, k & 1 ? "a" : "b", all)
            await bench.script.sleep(50_000)
            weaken(bench, k & 1 ? "a" : "b", [])
            // what the partner was asked for has been answered
            await bench.script.sleep(100_000)
        }
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
        await bench.script.sleep(REST_US)
    }, 120e6)
    for (const h of hosts) assert.equal(h.losses, 0)
    assert.ok(bench.said("a", /^card read failed/))
})

test("what neither card can read is a MEDIUM ERROR, and all else is not", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 53, mib: MIB })
    await bench.runScript(async () => {
        const host = await loggedIn(bench)
        assertGood(await host.write(0, pattern(0, 16, 1), true))
        weaken(bench, "a", [3])
        weaken(bench, "b", [3])
        const r = await host.read(0, 8)
        assert.equal(r.status, 2)
        assert.equal(r.sense >> 16, MEDIUM_ERROR, r.sense.toString(16))
        assertGood(await host.read(4, 4))
        assertGood(await host.write(3, pattern(3, 1, 2), true))
        assertGood(await host.read(0, 8))
    })
    assert.ok(bench.said("a", /^blocks from 0 on cannot be read on either/))
})

test("without the partner it is a MEDIUM ERROR, also when the partner dies over it", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 54, mib: MIB })
    await bench.runScript(async () => {
        const host = await loggedIn(bench)
        assertGood(await host.write(0, pattern(0, 16, 1), true))
        weaken(bench, "a", [3])
        const reading = host.read(0, 8)
        bench.pair.nodes.b.board.setPower(false)
        for (const r of [await reading, await host.read(0, 8)]) {
            assert.equal(r.status, 2)
            assert.equal(r.sense >> 16, MEDIUM_ERROR, r.sense.toString(16))
        }
        assertGood(await host.read(4, 4))
        await bench.script.sleep(REST_US)
    }, 60e6)
    assert.equal(bench.consoles.a.counters.pool, "24")
})

test("verify writes anew what either card cannot read", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 55, mib: MIB })
    await bench.runScript(async () => {
        const host = await loggedIn(bench)
        assertGood(await host.write(0, pattern(0, 128, 1), true))
        weaken(bench, "a", [3, 64, 2047])
        weaken(bench, "b", [17, 65])
        assert.deepEqual(await verified(bench, "a"), [
            "blocks 0 to 7 unreadable here: written anew",
            "blocks 16 to 23 unreadable at the partner: written anew",
            "blocks 64 to 71 on neither card",
            "blocks 2040 to 2047 unreadable here: written anew",
            "2048 blocks, 0 places differ",
        ])
        await bench.script.sleep(REST_US)
        const r = await host.read(0, 64)
        assertGood(r)
        assert.ok(r.data.equals(pattern(0, 64, 1)))
    }, 240e6)
    assert.deepEqual(
        [...bench.pair.nodes.a.card.faults.weakSectors!],
        [VOLUME_A + 64],
    )
    assert.deepEqual(
        [...bench.pair.nodes.b.card.faults.weakSectors!],
        [VOLUME_A + 65],
    )
    assert.equal(bench.consoles.a.counters.pool, "24")
    assertEqualCards(bench, MIB)
})

test("verify writes anew beside hosts that write there", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 56, mib: MIB })
    const restUs = 20_000
    const hosts = writersOfBoth(bench, {
        first: 0,
        blocks: 64,
        longest: 8,
        restUs,
    })
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(300_000)
        for (let k = 0; k < 8; k++) {
            const weak = k & 1 ? "a" : "b"
            weaken(bench, weak, [5, 20, 21, 40, 63])
            await verifiedFirst(bench, "a")
            assert.ok(isWhole(bench, weak))
        }
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
        await bench.script.sleep(REST_US)
    }, 600e6)
    assertEqualCards(bench, MIB)
})
