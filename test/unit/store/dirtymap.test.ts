/** The dirty map on the card: its bytes, and what no loss of power forgets. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { describe, test } from "node:test"
import fc from "fast-check"
import {
    bytes,
    newBoard,
    useDeviceScript,
    zeros,
} from "../../support/devicescript.ts"

useDeviceScript()
const { append, makeVolume } = await import("../../../src/store/volume.ts")
const { DM_BYTES, extentShift } = await import("../../../src/wire/card.ts")
type DirtyMap = typeof import("../../../src/store/dirtymap.ts")

const PAIR = 0x11223344
/** 32 MiB: 2048 extents of 32 blocks. */
const BLOCKS = 65536

type Card = Map<number, Buffer>

/** A board that was just started, with what is on its card. */
async function start(card: Card = new Map<number, Buffer>(), index = 1) {
    const path = `../../../src/store/dirtymap.ts${newBoard()}`
    const map: DirtyMap = await import(path)
    const volumes = [makeVolume(0), makeVolume(1)]
    for (const v of volumes) Object.assign(v, { blocks: BLOCKS, epoch: 3 })
    map.initMaps(PAIR, index)
    for (const v of volumes)
        for (const copy of [0, 1])
            map.loadMap(v, card.get(map.mapLba(v.index, copy)) ?? zeros(512))
    /** Writes one copy, if there is one to write. */
    const saveOne = () => {
        const i = map.mapToSave()
        if (i < 0) return false
        const sector = map.mapImage(i).slice()
        card.set(map.nextMapLba(i), sector)
        map.mapSaved(i)
        return true
    }
    const save = () => {
        while (saveOne());
    }
    return { ...map, volumes, a: volumes[0], b: volumes[1], save, saveOne }
}

/** Extents of volume b that a board knows as dirty. */
function dirty(board: Awaited<ReturnType<typeof start>>) {
    const { b } = board
    const size = 1 << extentShift(b.blocks)
    return Array.from({ length: board.extentsOf(b) }, (_, i) => i).filter(i =>
        board.isDirty(b, i * size),
    )
}

describe("a map", () => {
    test("has these bytes, in two copies far from each other", async () => {
        const card: Card = new Map()
        const board = await start(card)
        board.beginMap(board.b, 2)
        board.markBlocks(board.b, 32 * 9, 1)
        board.save()
        assert.deepEqual([...card.keys()], [384 + 256, 1408 + 256])
        const body = [
            Buffer.from("TWINDIRT").toString("hex"),
            "01000000 44332211", // generation, pair
            "03000000 02000000", // epoch, base
            "01 01 05 00 00000000", // board b, volume b, 2^5 blocks an extent
            "0002" + "00".repeat(DM_BYTES - 2),
        ]
            .join("")
            .replace(/ /g, "")
        const whole = Buffer.from(body + "00".repeat(32), "hex")
        const hash = createHash("sha256").update(whole).digest("hex")
        for (const sector of card.values())
            assert.equal(sector.toString("hex"), body + hash)
    })
    test("has extents for a volume of any size", () => {
        for (const [mib, shift] of [
            [1, 3],
            [14, 3],
            [15, 4],
            [32, 5],
            [1024, 10],
            [32 * 1024, 15],
        ])
            assert.equal(extentShift(mib * 2048), shift, `${mib} MiB`)
    })
    test("marks both extents of a write that spans them", async () => {
        const board = await start()
        board.beginMap(board.b, 2)
        assert(board.markBlocks(board.b, 31, 2))
        assert.deepEqual(dirty(board), [0, 1])
        assert.equal(board.dirtyExtents[1], 2)
        assert(!board.markBlocks(board.b, 0, 8), "nothing new")
    })
    test("marks what log entries have written", async () => {
        const board = await start()
        const { b } = board
        for (const extent of [3, 5, 7, 9]) append(b, extent * 32, 1, 0)
        board.beginMap(b, 2)
        board.markEntries(b, 2, 3)
        assert.deepEqual(dirty(board), [5, 7])
    })
    test("of all has no extent that the volume has not", async () => {
        const board = await start()
        board.b.blocks = 8 * 11 + 1
        board.beginMap(board.b, 2)
        board.markAll(board.b)
        assert.equal(board.extentsOf(board.b), 12)
        assert.equal(board.dirtyExtents[1], 12)
    })
    test("goes on in a new epoch, with its base", async () => {
        const card: Card = new Map()
        const board = await start(card)
        board.beginMap(board.b, 2)
        board.markBlocks(board.b, 0, 1)
        board.save()
        board.b.epoch++
        board.renewMap(board.b)
        board.save()
        const after = await start(card)
        assert(!after.isMapOf(after.b), "the card's epoch is 3 in this test")
        after.b.epoch = 4
        assert(after.isMapOf(after.b))
        assert.equal(after.baseOf(after.b), 2)
        assert.deepEqual(dirty(after), [0])
    })
})

describe("what is believed", () => {
    async function onCard() {
        const card: Card = new Map()
        const board = await start(card)
        board.beginMap(board.b, 2)
        board.markBlocks(board.b, 64, 1)
        board.save()
        return card
    }
    test("either copy is enough", async () => {
        for (const lost of [640, 1664]) {
            const card = await onCard()
            card.set(lost, bytes("a5".repeat(512)))
            assert.deepEqual(dirty(await start(card)), [2])
        }
    })
    test("no bit of it may be wrong", () =>
        fc.assert(
            fc.asyncProperty(fc.nat(512 * 8 - 1), async bit => {
                const card = await onCard()
                for (const sector of card.values())
                    sector[bit >> 3] ^= 1 << (bit & 7)
                const board = await start(card)
                assert(!board.isMapOf(board.b))
            }),
            { numRuns: 50 },
        ))
    test("not that of the partner's card, nor of another volume", async () => {
        const card = await onCard()
        const other = await start(card, 0)
        assert(!other.isMapOf(other.b))
        const moved: Card = new Map(
            [...card].map(([lba, sector]) => [lba - 256, sector]),
        )
        const board = await start(moved)
        assert(!board.isMapOf(board.a))
    })
})

test("no loss of power, at any write, forgets what was marked", () =>
    fc.assert(
        fc.asyncProperty(
            fc.array(fc.array(fc.nat(2047), { maxLength: 4 }), {
                maxLength: 6,
            }),
            fc.nat(12),
            fc.boolean(),
            async (rounds, cutAt, isTorn) => {
                const card: Card = new Map()
                const board = await start(card)
                board.beginMap(board.b, 2)
                board.save()
                const certain = new Set<number>()
                let writes = 0
                outer: for (const extents of rounds) {
                    for (const e of extents)
                        board.markBlocks(board.b, e * 32, 1)
                    for (;;) {
                        const i = board.mapToSave()
                        if (i < 0) break
                        if (writes++ === cutAt) {
                            if (isTorn)
                                card.set(board.nextMapLba(i), zeros(512))
                            break outer
                        }
                        board.saveOne()
                    }
                    extents.forEach(e => certain.add(e))
                }
                const after = await start(card)
                assert(after.isMapOf(after.b))
                const known = new Set(dirty(after))
                for (const e of certain) assert(known.has(e), `extent ${e}`)
            },
        ),
        { seed: 7, numRuns: 200 },
    ))
