/** A pair that is stopped, in good order or not, comes up with its data. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    other,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

const speed = unlimitedSpeed()

/** The same cards in boards that are switched on again. */
function again(bench: VirtualBench, seed: number) {
    const { media } = bench
    bench.pair.setPower(false)
    return new VirtualBench({ program: buildProgram(), seed, speed, media })
}

async function writeAndSync(
    bench: VirtualBench,
    board: BoardName,
    tag: number,
) {
    const i = await loggedIn(bench, board)
    for (let k = 0; k < 10; k++)
        assertGood(await i.write(k * 20, pattern(k * 20, 20, tag)))
    assertGood(await i.synchronize())
}

async function assertData(bench: VirtualBench, board: BoardName, tag: number) {
    const i = await loggedIn(bench, board)
    for (let k = 0; k < 10; k++) {
        const r = await i.read(k * 20, 20)
        assertGood(r)
        assert.ok(
            r.data.equals(pattern(k * 20, 20, tag)),
            `${board} block ${k}`,
        )
    }
}

test("a pair that was at rest comes up mirrored, with its data", async () => {
    let bench = mirroredPair({ speed })
    for (let round = 1; round <= 3; round++) {
        await bench.runScript(async () => {
            for (const b of BOARD_NAMES) await writeAndSync(bench, b, round)
            // cards are marked as not written to a while after the last write
            await bench.script.sleep(2e6)
        })
        bench = again(bench, 10 * round)
        bench.boot()
        await bench.runScript(async () => {
            for (const b of BOARD_NAMES) await assertData(bench, b, round)
        })
        assert.ok(!bench.events.some(e => /alone|outdated/.test(e.text)))
    }
})

test("power lost on both boards in mid-write: what was synchronised is there", async () => {
    for (let seed = 1; seed <= 8; seed++) {
        const bench = mirroredPair({ speed, seed })
        let isOff = false
        await bench.runScript(async () => {
            await writeAndSync(bench, "a", seed)
            const i = await loggedIn(bench, "a")
            const flood = async () => {
                for (let k = 0; !isOff; k++)
                    await i.write(1000 + (k % 50) * 8, pattern(0, 8, k))
            }
            flood().catch(() => {})
            await bench.script.sleep(bench.random.int(10_000, 300_000))
            isOff = true
        })
        const after = again(bench, seed)
        after.pair.setPower(true)
        after.runWhile(
            () => !BOARD_NAMES.every(b => after.said(b, /^home port serves/)),
            10e6,
            "service at home",
        )
        await after.runScript(() => assertData(after, "a", seed))
    }
})

for (const victim of BOARD_NAMES)
    test(`${victim} missed writes: it waits, and its copy is not served`, async () => {
        const bench = mirroredPair({ speed })
        await bench.runScript(async () => {
            for (const b of BOARD_NAMES) await writeAndSync(bench, b, 1)
            await bench.script.sleep(2e6)
            bench.pair.nodes[victim].board.setPower(false)
            for (const b of BOARD_NAMES) {
                const i = bench.initiator(b)
                for (let isIn = false; !isIn;)
                    isIn = await i.login().then(
                        () => true,
                        () => bench.script.sleep(50_000).then(() => false),
                    )
                await i.ready()
                assertGood(await i.write(0, pattern(0, 20, 2)))
                assertGood(await i.synchronize())
            }
        })
        // both lose power, and both come back: the newer copies must win
        const after = again(bench, 5)
        after.pair.setPower(true)
        after.runWhile(
            () => after.consoles[other(victim)].status.serves?.length !== 3,
            10e6,
            "both volumes at the survivor",
        )
        await after.runScript(async () => {
            for (const b of BOARD_NAMES) {
                const i = await loggedIn(after, b)
                const r = await i.read(0, 20)
                assert.ok(r.data.equals(pattern(0, 20, 2)))
            }
        })
        assert.ok(after.said(victim, /own copy is outdated/))
        assert.ok(!after.said(victim, /serves/))
    })

test("a board alone that never heard of its partner serves nothing", () => {
    const bench = new VirtualBench({ program: buildProgram(), seed: 1, speed })
    bench.pair.nodes.a.board.setPower(true)
    bench.run(20e6)
    assert.ok(bench.said("a", /^waiting for the partner/))
    assert.ok(!bench.said("a", /serves/))
})

test("a board alone after a clean stop waits: its partner may have gone on", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(() => writeAndSync(bench, "a", 1))
    bench.run(2e6)
    const after = again(bench, 3)
    after.pair.nodes.a.board.setPower(true)
    after.run(20e6)
    assert.ok(!after.said("a", /serves/))
    after.pair.nodes.b.board.setPower(true)
    after.runWhile(() => !after.isMirrored, 10e6, "a mirrored pair")
    await after.runScript(() => assertData(after, "a", 1))
})
