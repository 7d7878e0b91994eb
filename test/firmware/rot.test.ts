/**
 * A copy of a superblock rots while both boards are off: whichever it is, no
 * old data are served.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    other,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import { MemoryMedia, SECTOR } from "../../devs/bench/sdcard/media.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"

const speed = unlimitedSpeed()
const COPIES = [128, 1152]
/** Where the first block of each volume is on a card. */
const FIRST_SECTOR = { a: 2048, b: 2048 + 32 * 2048 }
const OLD = 1
const NEW = 2

function copyOf(media: MemoryMedia): MemoryMedia {
    const copy = new MemoryMedia(media.sectors)
    for (const lba of media.written()) copy.write(lba, media.read(lba))
    return copy
}

/** Both cards in boards that start cold, one sector of one of them spoilt. */
function coldStart(bench: VirtualBench, board: BoardName, lba: number) {
    const media = { a: copyOf(bench.media.a), b: copyOf(bench.media.b) }
    const spoilt = media[board].read(lba)
    spoilt[SECTOR / 2] ^= 1
    media[board].write(lba, spoilt)
    const after = new VirtualBench({
        program: buildProgram(),
        seed: 3,
        speed,
        media,
    })
    after.pair.setPower(true)
    return after
}

async function write(bench: VirtualBench, board: BoardName, tag: number) {
    const i = await loggedIn(bench, board)
    assertGood(await i.write(0, pattern(0, 8, tag), true))
}

async function assertNew(bench: VirtualBench, board: BoardName) {
    const i = await loggedIn(bench, board)
    const r = await i.read(0, 8)
    assertGood(r)
    assert.ok(r.data.equals(pattern(0, 8, NEW)), "old data")
}

function awaitService(bench: VirtualBench, count: number) {
    const serving = () =>
        BOARD_NAMES.flatMap(n =>
            bench.consoles[n].status.serves?.split(","),
        ).filter(v => v === "a" || v === "b").length
    bench.runWhile(() => serving() < count, 10e6, "service")
}

/** Lets `heir` go on alone with a volume. @returns whose volume it is */
const ALONE: Record<
    string,
    (bench: VirtualBench, heir: BoardName) => Promise<BoardName>
> = {
    "after a takeover": async (bench, heir) => {
        bench.pair.nodes[other(heir)].board.setPower(false)
        while (!bench.said(heir, /^took over/)) await bench.script.sleep(100)
        return other(heir)
    },
    "with the link cut": async (bench, heir) => {
        bench.pair.cut("link", true)
        return Promise.resolve(heir)
    },
}

for (const [how, goAlone] of Object.entries(ALONE))
    for (const heir of BOARD_NAMES)
        test(`rot on ${heir}, which went on alone ${how}: its data are served`, async () => {
            const bench = mirroredPair({ speed, seed: 21 })
            const volume = await bench.runScript(async () => {
                // the volumes are in use: no mark is to be made after this
                for (const n of BOARD_NAMES) await write(bench, n, OLD)
                const volume = await goAlone(bench, heir)
                await write(bench, volume, NEW)
                // and with its first write alone it loses power
                return volume
            })
            bench.pair.setPower(false)
            for (const lba of COPIES) {
                const after = coldStart(bench, heir, lba)
                awaitService(after, 2)
                assert.ok(after.said(heir, /^a copy of the superblock was/))
                await after.runScript(() => assertNew(after, volume))
            }
        })

for (const home of BOARD_NAMES)
    test(`rot on the one card that has the first write to ${home}: it is known`, async () => {
        const bench = mirroredPair({ speed, seed: 23 })
        const mirror = other(home)
        const sector = FIRST_SECTOR[home]
        const data = pattern(0, 8, NEW)
        await bench.runScript(async () => {
            await write(bench, home, OLD)
            // neither card says any more that the volume is written to
            await bench.script.sleep(3e6)
            const i = await loggedIn(bench, home)
            bench.pair.nodes[home].card.faults.busyUs = 500_000
            i.write(0, data).catch(() => {})
            const hasIt = (n: BoardName) =>
                data.subarray(0, SECTOR).equals(bench.media[n].read(sector))
            while (!hasIt(mirror)) await bench.script.sleep(100)
            assert.ok(!hasIt(home))
        })
        // the cards are taken as they are now: power that is cut may let a card
        // end what it was busy with
        for (const lba of COPIES) {
            const after = coldStart(bench, mirror, lba)
            await after.runScript(async () => {
                await untilMirrored(after)
                await after.script.sleep(2e6)
            })
            assertEqualCards(after)
        }
    })

test("rot on either board of a pair that was at rest: it mirrors again", async () => {
    const bench = mirroredPair({ speed, seed: 22 })
    await bench.runScript(async () => {
        for (const n of BOARD_NAMES) await write(bench, n, NEW)
        await bench.script.sleep(3e6)
    })
    bench.pair.setPower(false)
    for (const [k, lba] of COPIES.entries()) {
        const after = coldStart(bench, BOARD_NAMES[k], lba)
        awaitService(after, 2)
        await after.runScript(async () => {
            for (const n of BOARD_NAMES) await assertNew(after, n)
        })
    }
})
