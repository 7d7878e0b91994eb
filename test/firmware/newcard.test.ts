/** A card that is put in place of another: what it had may have been the newest. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { BOARD_NAMES, unlimitedSpeed } from "../../devs/bench/pair.ts"
import { MemoryMedia } from "../../devs/bench/sdcard/media.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"

const OPTIONS = { speed: unlimitedSpeed(), mib: 1 }
const CARD_SECTORS = 256 * 1024
/** Longer than two boards need to meet and to decide. */
const DECIDED_US = 4e6
const REST_US = 2e6
const BLOCKS = 64

async function writeBoth(bench: VirtualBench, version: number) {
    for (const name of BOARD_NAMES) {
        const host = await loggedIn(bench, name)
        assertGood(await host.write(0, pattern(0, BLOCKS, version), true))
        await host.logout()
    }
}

async function assertBothHold(bench: VirtualBench, version: number) {
    for (const name of BOARD_NAMES) {
        const r = await (await loggedIn(bench, name)).read(0, BLOCKS)
        assertGood(r)
        assert.ok(r.data.equals(pattern(0, BLOCKS, version)))
    }
}

/** Boards with these cards. */
function withCards(a: MemoryMedia, b: MemoryMedia) {
    const program = buildProgram()
    return new VirtualBench({ ...OPTIONS, program, seed: 92, media: { a, b } })
}

async function assertNobodyServes(bench: VirtualBench) {
    await bench.script.sleep(DECIDED_US)
    for (const name of BOARD_NAMES)
        assert.equal(bench.consoles[name].status.serves, "none")
    const asked = /^volume [ab]: the newest copy may have been on the card/
    assert.ok(BOARD_NAMES.some(name => bench.said(name, asked)))
}

test("the newest copy goes with its card: nothing older is served unasked", async () => {
    const before = mirroredPair({ ...OPTIONS, seed: 91 })
    await before.runScript(async () => {
        await writeBoth(before, 1)
        before.pair.nodes.a.board.setPower(false)
        await before.script.sleep(1e6)
        await writeBoth(before, 2)
    })
    before.pair.setPower(false)
    const bench = withCards(before.media.a, new MemoryMedia(CARD_SECTORS))
    bench.pair.setPower(true)
    await bench.runScript(async () => {
        await assertNobodyServes(bench)
        // the operator has nothing newer
        bench.pair.nodes.b.board.command("discard")
        await untilMirrored(bench)
        await assertBothHold(bench, 1)
        await bench.script.sleep(REST_US)
    }, 120e6)
    assertEqualCards(bench, OPTIONS.mib)
})

test("of two boards that stopped at rest, one gets a new card: it is asked, too", async () => {
    const before = mirroredPair({ ...OPTIONS, seed: 91 })
    await before.runScript(async () => {
        await writeBoth(before, 1)
        await before.script.sleep(REST_US)
    })
    before.pair.setPower(false)
    const bench = withCards(new MemoryMedia(CARD_SECTORS), before.media.b)
    bench.pair.setPower(true)
    await bench.runScript(async () => {
        await assertNobodyServes(bench)
        bench.pair.nodes.a.board.command("discard")
        await untilMirrored(bench)
        await assertBothHold(bench, 1)
        await bench.script.sleep(REST_US)
    }, 120e6)
    assertEqualCards(bench, OPTIONS.mib)
})

test("a board that comes back with a new card while its partner serves is filled", async () => {
    const bench = mirroredPair({ ...OPTIONS, seed: 91 })
    await bench.runScript(async () => {
        await writeBoth(bench, 1)
        bench.pair.nodes.a.board.setPower(false)
        await bench.script.sleep(1e6)
        await writeBoth(bench, 2)
        // another card, with nothing on it
        const { a } = bench.media
        for (const lba of a.written()) a.write(lba, Buffer.alloc(512))
        bench.pair.nodes.a.board.setPower(true)
        await untilMirrored(bench)
        await assertBothHold(bench, 2)
        await bench.script.sleep(REST_US)
    }, 120e6)
    assertEqualCards(bench, OPTIONS.mib)
})

test("a pair that dies in its first write is whole again by itself", async () => {
    for (const afterUs of [300, 700, 1200, 2000, 3000, 4500, 6000, 20000]) {
        const before = mirroredPair({ ...OPTIONS, seed: 91 })
        let acked = false
        await before.runScript(async () => {
            const host = await loggedIn(before, "a")
            host.write(0, pattern(0, 8, 1)).then(
                () => (acked = true),
                () => {},
            )
            await before.script.sleep(afterUs)
        })
        before.pair.setPower(false)
        const bench = withCards(before.media.a, before.media.b)
        bench.pair.setPower(true)
        await bench.runScript(async () => {
            await untilMirrored(bench)
            await bench.script.sleep(REST_US)
        }, 120e6)
        assertEqualCards(bench, OPTIONS.mib)
        if (afterUs === 20000) assert.ok(acked, "the last one is late enough")
    }
})
