/** Cards that are blank, foreign, too small, taken out or broken. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    other,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import { MemoryMedia } from "../../devs/bench/sdcard/media.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { writersOfBoth } from "../support/writer.ts"

const speed = unlimitedSpeed()
const CARD_SECTORS = 256 * 1024

function benchWith(media: Record<BoardName, MemoryMedia>, seed = 1) {
    return new VirtualBench({ program: buildProgram(), seed, speed, media })
}

function blank() {
    return new MemoryMedia(CARD_SECTORS)
}

test("a blank card gets partitions that a PC can read", () => {
    const bench = mirroredPair({ speed })
    for (const name of BOARD_NAMES) {
        const mbr = Buffer.from(bench.media[name].read(0))
        assert.equal(mbr.readUInt16BE(510), 0x55aa)
        const partitions = [0, 1, 2].map(n => {
            const at = 446 + 16 * n
            return [
                mbr[at + 4],
                mbr.readUInt32LE(at + 8),
                mbr.readUInt32LE(at + 12),
            ]
        })
        assert.deepEqual(partitions, [
            [0x83, 2048, 65536],
            [0x83, 2048 + 65536, 65536],
            [0xda, 64, 1984],
        ])
    }
})

test("both volumes are where the partitions say, on both cards", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        for (const [n, board] of BOARD_NAMES.entries()) {
            const i = await loggedIn(bench, board)
            assertGood(await i.write(700, pattern(700, 30, n), true))
            for (const name of BOARD_NAMES)
                for (let k = 0; k < 30; k++) {
                    const lba = 2048 + n * 65536 + 700 + k
                    const sector = Buffer.from(bench.media[name].read(lba))
                    assert.ok(sector.equals(pattern(700 + k, 1, n)))
                }
        }
    })
})

/** What a card may hold that is not ours, by the sector it stands in. */
const FOREIGN: Record<string, [number, Buffer]> = {
    "a partition table": [
        0,
        Buffer.concat([Buffer.alloc(510), Buffer.from("55aa", "hex")]),
    ],
    "a file system without partitions": [
        0,
        Buffer.from("eb3c906d6b66732e666174".padEnd(1024, "0"), "hex"),
    ],
    "data where the superblock would be": [128, Buffer.alloc(512, 0x5a)],
}

for (const [what, [lba, data]] of Object.entries(FOREIGN))
    test(`a card with ${what} is refused and never written to`, () => {
        const media = { a: blank(), b: blank() }
        media.a.write(lba, data)
        const bench = benchWith(media)
        bench.pair.setPower(true)
        bench.run(5e6)
        assert.ok(bench.said("a", /^card has data that are not ours/))
        assert.ok(!bench.said("a", /serves/))
        assert.deepEqual(media.a.written(), [lba])
        assert.ok(Buffer.from(media.a.read(lba)).equals(data))
    })

test("the partner's card in this board's slot is refused", () => {
    const first = mirroredPair({ speed })
    const media = { a: first.media.b, b: first.media.a }
    const before = media.a.written().length
    const bench = benchWith(media)
    bench.pair.setPower(true)
    bench.run(5e6)
    for (const name of BOARD_NAMES)
        assert.ok(bench.said(name, /^card has data that are not ours/))
    assert.equal(media.a.written().length, before)
})

test("a card that is too small is refused", () => {
    const bench = benchWith({ a: new MemoryMedia(64 * 1024), b: blank() })
    bench.pair.setPower(true)
    bench.run(5e6)
    assert.ok(bench.said("a", /^card too small/))
    assert.deepEqual(bench.media.a.written(), [])
})

test("a board whose card comes late starts when it comes", () => {
    const bench = benchWith({ a: blank(), b: blank() })
    bench.pair.nodes.a.card.present = false
    bench.pair.setPower(true)
    bench.run(5e6)
    assert.ok(bench.said("a", /^no card: there is none/))
    bench.pair.nodes.a.card.present = true
    bench.runWhile(() => !bench.isMirrored, 10e6, "a mirrored pair")
})

for (const victim of BOARD_NAMES)
    test(`card of ${victim} taken out in mid-write: its partner takes over`, async t => {
        const bench = mirroredPair({ speed, seed: 31 })
        const hosts = writersOfBoth(bench, { first: 100 })
        await bench.runScript(async () => {
            const running = Promise.all(hosts.map(h => h.run()))
            await bench.script.sleep(300_000)
            bench.pair.nodes[victim].card.present = false
            while (!bench.said(other(victim), /^took over/))
                await bench.script.sleep(1000)
            const before = hosts.map(h => h.count)
            while (hosts.some((h, i) => h.count < before[i] + 20))
                await bench.script.sleep(1000)
            for (const h of hosts) h.stop()
            await running
            for (const h of hosts) await h.verify()
        })
        assert.ok(bench.said(victim, /^card failed: leaving/))
        for (const h of hosts)
            t.diagnostic(`a host waits ${Math.round(h.longestPause / 1000)} ms`)
    })

test("a write that the card refuses once is tried again", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        bench.pair.nodes.a.card.faults.writeError = true
        bench.pair.nodes.b.card.faults.programError = true
        assertGood(await i.write(0, pattern(0, 8, 1), true))
    })
    for (const name of BOARD_NAMES)
        assert.ok(
            Buffer.from(bench.media[name].read(2048)).equals(pattern(0, 1, 1)),
        )
})
