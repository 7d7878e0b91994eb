/**
 * Both boards went on alone, because an operator told the second one to, or
 * because all that shows a partner's life was hidden. What they cannot agree on
 * nobody serves, and the operator says which copy goes.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import type { Station } from "../../devs/bench/net/ethernet.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"

const BOOTED_US = 4e6
const MIB = 1
/** Who keeps its copy, who does not, and the tag of what is kept. */
const CHOICES = [
    ["a", "b", 1],
    ["b", "a", 2],
] as const

async function answer(bench: VirtualBench, board: BoardName, name: string) {
    const since = bench.world.now / 1000
    bench.pair.nodes[board].board.command(name)
    for (;;) {
        await bench.script.sleep(10_000)
        const found = bench.consoles[board].events.find(
            e => e.ms >= since && e.text.startsWith(`command ${name}: `),
        )
        if (found) return found.text.slice(`command ${name}: `.length)
    }
}

/** A board alone, with values of its own in both volumes. */
async function aliveAlone(bench: VirtualBench, board: BoardName, tag: number) {
    const { board: it } = bench.pair.nodes[board]
    it.setPower(true)
    await bench.script.sleep(BOOTED_US)
    assert.equal(await answer(bench, board, "serve-alone"), "done")
    for (const name of BOARD_NAMES) {
        const host = await loggedIn(bench, name)
        assertGood(await host.write(8 * tag, pattern(8 * tag, 8, tag)))
        assertGood(await host.write(100, pattern(100, 8, tag)))
        await host.logout()
    }
    it.setPower(false)
    await bench.script.sleep(100_000)
}

async function assertKept(bench: VirtualBench, tag: number) {
    for (const name of BOARD_NAMES) {
        const host = await loggedIn(bench, name)
        const r = await host.read(100, 8)
        assertGood(r)
        assert.ok(r.data.equals(pattern(100, 8, tag)), `volume ${name}`)
        const mine = await host.read(8 * tag, 8)
        assert.ok(mine.data.equals(pattern(8 * tag, 8, tag)))
        const theirs = await host.read(8 * (3 - tag), 8)
        assert.ok(theirs.data.equals(Buffer.alloc(8 * 512)), "discarded")
        await host.logout()
    }
}

for (const [keeps, discards, tag] of CHOICES)
    test(`cold start of a split pair: ${discards}'s copy is discarded`, async () => {
        const bench = mirroredPair({
            speed: unlimitedSpeed(),
            seed: 51,
            mib: MIB,
        })
        await bench.runScript(async () => {
            bench.pair.setPower(false)
            await aliveAlone(bench, "a", 1)
            await aliveAlone(bench, "b", 2)
            bench.pair.setPower(true)
            await bench.script.sleep(BOOTED_US)
            for (const name of BOARD_NAMES) {
                assert.equal(bench.consoles[name].status.serves, "none")
                for (const volume of BOARD_NAMES)
                    assert.ok(
                        bench.said(
                            name,
                            new RegExp(`^volume ${volume}: both boards went`),
                        ),
                    )
            }
            assert.equal(await answer(bench, discards, "discard"), "done")
            await untilMirrored(bench)
            await assertKept(bench, tag)
            assert.match(await answer(bench, keeps, "discard"), /^refused: no/)
            await bench.script.sleep(2e6)
        }, 300e6)
        assertEqualCards(bench, MIB)
    })

test("the one that serves discards its copy: its partner serves", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 52, mib: MIB })
    await bench.runScript(async () => {
        bench.pair.setPower(false)
        await aliveAlone(bench, "a", 1)
        await aliveAlone(bench, "b", 2)
        bench.pair.nodes.a.board.setPower(true)
        await bench.script.sleep(BOOTED_US)
        assert.equal(await answer(bench, "a", "serve-alone"), "done")
        assert.match(await answer(bench, "a", "discard"), /not on the link/)
        bench.pair.nodes.b.board.setPower(true)
        await bench.script.sleep(BOOTED_US)
        assert.equal(bench.consoles.a.status.serves, "a,b")
        assert.ok(bench.said("a", /^volume b: both boards went on alone/))
        assert.equal(await answer(bench, "a", "discard"), "done")
        await untilMirrored(bench)
        await assertKept(bench, 2)
        await bench.script.sleep(2e6)
    }, 300e6)
    assertEqualCards(bench, MIB)
})

/** b lives, and nothing shows it to a. @returns what ends it */
function hide(bench: VirtualBench, side: Station[]): () => void {
    const { pair } = bench
    const { home, partner } = pair.nodes.a
    const [fence] = pair.wire("fence-a")
    pair.cut("beat-b", true)
    pair.cut("link", true)
    fence.stuck = 1
    pair.lan.split([[home, partner, ...side]])
    return () => {
        pair.cut("beat-b", false)
        pair.cut("link", false)
        fence.stuck = undefined
        pair.lan.split(undefined)
    }
}

for (const [keeps, discards, tag] of CHOICES)
    test(`two that served one volume meet: ${discards}'s copy is discarded`, async () => {
        const bench = mirroredPair({
            speed: unlimitedSpeed(),
            seed: 53,
            mib: MIB,
        })
        await bench.runScript(async () => {
            const before = await loggedIn(bench, "b")
            assertGood(await before.write(200, pattern(200, 8, 3)))
            const beside = bench.host()
            const isOver = hide(bench, [beside])
            await bench.script.sleep(1e6)
            assert.equal(bench.consoles.a.status.serves, "a,b")
            assert.equal(bench.consoles.b.status.serves, "b")
            assertGood(await before.write(16, pattern(16, 8, 2)))
            assertGood(await before.write(100, pattern(100, 8, 2)))
            const meanwhile = bench.initiator("b", {}, beside)
            await meanwhile.login()
            await meanwhile.ready()
            assertGood(await meanwhile.write(8, pattern(8, 8, 1)))
            assertGood(await meanwhile.write(100, pattern(100, 8, 1)))
            isOver()
            await bench.script.sleep(2e6)
            assert.equal(bench.consoles.a.status.serves, "a")
            assert.equal(bench.consoles.b.status.serves, "none")
            for (const name of BOARD_NAMES)
                assert.ok(bench.said(name, /^volume b: both boards went on/))
            assert.equal(await answer(bench, discards, "discard"), "done")
            await untilMirrored(bench)
            const host = await loggedIn(bench, "b")
            for (const [lba, written] of [
                [100, pattern(100, 8, tag)],
                [8 * tag, pattern(8 * tag, 8, tag)],
                [8 * (3 - tag), Buffer.alloc(8 * 512)],
                [200, pattern(200, 8, 3)],
            ] as const) {
                const r = await host.read(lba, 8)
                assertGood(r)
                assert.ok(r.data.equals(written), `${keeps}'s block ${lba}`)
            }
            await host.logout()
            await bench.script.sleep(2e6)
        }, 300e6)
        assertEqualCards(bench, MIB)
    })
