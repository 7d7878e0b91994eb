/** An operator has the two copies compared. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed, type BoardName } from "../../devs/bench/pair.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { untilMirrored } from "../support/healing.ts"
import { verified } from "../support/verifying.ts"
import { writerOf, writersOfBoth } from "../support/writer.ts"

const MIB = 1
const BLOCKS = MIB * 2048
const VOLUME_A = 2048
const LIMIT_US = 120e6
/** How often a volume moves, how long after the order to compare it, and in what time. */
const ROUNDS = 5
const ASKED_US = 200_000
const MOVED_US = 3e6

function mirrored(seed: number) {
    return mirroredPair({ speed: unlimitedSpeed(), seed, mib: MIB })
}

test("equal copies are equal, also while hosts write to them", async t => {
    const bench = mirrored(81)
    // comparing takes what room hosts leave
    const restUs = 30_000
    const hosts = writersOfBoth(bench, { first: 0, blocks: 400, restUs })
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(300_000)
        const from = bench.world.now
        const lines = await verified(bench, "a")
        t.diagnostic(`${(bench.world.now - from) / 1e6} s for ${MIB} MiB`)
        assert.deepEqual(lines, [`${BLOCKS} blocks, 0 places differ`])
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
        await bench.script.sleep(2e6)
        const { counters } = bench.consoles.a
        assert.equal(counters.pool, "24")
    }, 2 * LIMIT_US)
})

test("each place that differs is told, and none else", async () => {
    const bench = mirrored(82)
    const bad = [0, 7, 8, 1001, BLOCKS - 1]
    const places = bad.map(lba => lba - (lba % 4))
    await bench.runScript(async () => {
        const host = await loggedIn(bench, "a")
        for (let lba = 0; lba < BLOCKS; lba += 64)
            assertGood(await host.write(lba, pattern(lba, 64, 1)))
        assertGood(await host.synchronize())
        for (const [n, lba] of bad.entries()) {
            // on either card
            const media = bench.media[n & 1 ? "a" : "b"]
            const data = Buffer.from(media.read(VOLUME_A + lba))
            data[n * 100] ^= 1
            media.write(VOLUME_A + lba, data)
        }
        const lines = await verified(bench, "a")
        assert.deepEqual(lines, [
            ...places.map(lba => `blocks ${lba} to ${lba + 3} differ`),
            `${BLOCKS} blocks, ${places.length} places differ`,
        ])
    }, 2 * LIMIT_US)
})

test("a copy that differs is made equal again: resync", async () => {
    const bench = mirrored(84)
    await bench.runScript(async () => {
        const host = await loggedIn(bench, "a")
        for (let lba = 0; lba < BLOCKS; lba += 64)
            assertGood(await host.write(lba, pattern(lba, 64, 1)))
        assertGood(await host.synchronize())
        const { a, b } = bench.media
        for (let lba = 0; lba < BLOCKS; lba += 100)
            b.write(VOLUME_A + lba, Buffer.alloc(512, lba))
        assert.equal((await verified(bench, "a")).length, 8 + 1)
        bench.pair.nodes.a.board.command("resync")
        while (!bench.said("a", /^volume a resyncing/))
            await bench.script.sleep(10_000)
        // service goes on meanwhile
        assertGood(await host.write(500, pattern(500, 8, 2)))
        await untilMirrored(bench)
        const equal = [`${BLOCKS} blocks, 0 places differ`]
        assert.deepEqual(await verified(bench, "a"), equal)
        const r = await host.read(500, 8)
        assertGood(r)
        assert.ok(r.data.equals(pattern(500, 8, 2)))
        await bench.script.sleep(2e6)
        for (let lba = 0; lba < BLOCKS; lba++) {
            const sector = VOLUME_A + lba
            assert.ok(
                Buffer.from(a.read(sector)).equals(Buffer.from(b.read(sector))),
                `block ${lba}`,
            )
        }
    }, 2 * LIMIT_US)
})

test("unasked, both volumes are compared for ever: what differs is told, what is unreadable mended", async t => {
    const bench = mirrored(85)
    const bad = VOLUME_A + 1001
    const weak = new Set([VOLUME_A + 803])
    await bench.runScript(async () => {
        const host = await loggedIn(bench, "a")
        for (let lba = 0; lba < BLOCKS; lba += 64)
            assertGood(await host.write(lba, pattern(lba, 64, 1)))
        assertGood(await host.synchronize())
        const { a, b } = bench.media
        const right = Buffer.from(b.read(bad))
        b.write(bad, Buffer.alloc(512, 0xee))
        bench.pair.nodes.b.card.faults.weakSectors = weak
        const counters = (board: BoardName) => bench.consoles[board].counters
        const passes = async (board: BoardName, count: number) => {
            while (counters(board)[`verified.${board}`] !== `${count}`)
                await bench.script.sleep(100_000)
            return counters(board)[`differ.${board}`]
        }
        assert.equal(await passes("a", 1), "1")
        t.diagnostic(`${bench.world.now / 1e6} s for ${MIB} MiB`)
        assert.equal(await passes("b", 1), "0")
        const told = bench.events.filter(e => /^verify/.test(e.text))
        assert.deepEqual(
            told.map(e => `${e.board} ${e.text}`),
            [
                "a verify of volume a: blocks 800 to 807 unreadable at the partner: written anew",
                "a verify of volume a: blocks 1000 to 1003 differ",
                `a verify of volume a: ${BLOCKS} blocks, 1 places differ`,
            ],
        )
        assert.equal(weak.size, 0)
        // it changes nothing that differs: nobody knows which one is right
        assert.ok(Buffer.from(a.read(bad)).equals(right))
        assert.ok(Buffer.from(b.read(bad)).equals(Buffer.alloc(512, 0xee)))
        // an operator's begins at once, and from the first block
        await bench.script.sleep(9e6)
        b.write(bad, right)
        assert.deepEqual(await verified(bench, "a"), [
            `${BLOCKS} blocks, 0 places differ`,
        ])
        await bench.script.sleep(2e6)
        assert.equal(counters("a")["verified.a"], "2")
        assert.equal(counters("a")["differ.a"], "0")
    }, 5 * LIMIT_US)
})

test("a partner with no room answers late: the volume moves, and comes back, meanwhile", async () => {
    const bench = mirrored(86)
    // long writes, so many that there is always one that waits for room
    const hosts = [0, 500, 1000, 1500].map(first =>
        writerOf(bench, "b", { first, blocks: 500, depth: 4, longest: 40 }),
    )
    const orders = bench.pair.nodes.b.board
    const until = async (serves: string) => {
        const limit = bench.world.now + MOVED_US
        while (bench.consoles.b.status.serves !== serves) {
            assert.ok(bench.world.now < limit, `serves=${serves}`)
            await bench.script.sleep(1000)
        }
    }
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(300_000)
        for (let round = 0; round < ROUNDS; round++) {
            bench.pair.nodes.a.board.command("verify")
            await bench.script.sleep(ASKED_US)
            orders.command("takeover")
            await until("b,a")
            orders.command("giveback")
            await until("b")
        }
        for (const h of hosts) h.stop()
        await running
        const equal = [`${BLOCKS} blocks, 0 places differ`]
        assert.deepEqual(await verified(bench, "a"), equal)
    }, LIMIT_US)
})

test("both boards at once; and a partner that dies ends it", async () => {
    const bench = mirrored(83)
    await bench.runScript(async () => {
        const both = await Promise.all([
            verified(bench, "a"),
            verified(bench, "b"),
        ])
        const equal = [`${BLOCKS} blocks, 0 places differ`]
        assert.deepEqual(both, [equal, equal])
        const cut = verified(bench, "a")
        await bench.script.sleep(200_000)
        bench.pair.nodes.b.board.setPower(false)
        assert.deepEqual(await cut, ["stopped: the partner was lost"])
        await bench.script.sleep(1e6)
        assert.equal(bench.consoles.a.counters.pool, "24")
        bench.pair.nodes.a.board.command("verify")
        await bench.script.sleep(300_000)
        assert.ok(bench.said("a", /verify: refused: no volume is mirrored/))
    }, 2 * LIMIT_US)
})
