/** The superblock on the card, byte by byte, and what is believed of it. */
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
const { makeVolume } = await import("../../../src/store/volume.ts")
const { VolumeFlag } = await import("../../../src/wire/card.ts")
type Superblock = typeof import("../../../src/store/superblock.ts")

const PAIR = 0x11223344
/** Board b. */
const INDEX = 1
const VOLUME_BLOCKS = 0x10000

/** A board that was just started. */
async function start(pair = PAIR, index = INDEX) {
    const path = `../../../src/store/superblock.ts${newBoard()}`
    const s: Superblock = await import(path)
    const volumes = [makeVolume(0), makeVolume(1)]
    s.initSuperblock(volumes, pair, index)
    /** Makes the next superblock and says that it is on the card. */
    const save = () => {
        const lba = s.superblockLba()
        const sector = s.superblockSector().slice()
        s.saved()
        return { lba, sector }
    }
    const [a, b] = volumes
    return { s, a, b, save }
}

/** The same with a card that has two volumes. */
async function startFormatted() {
    const board = await start()
    Object.assign(board.a, {
        firstLba: 2048,
        blocks: VOLUME_BLOCKS,
        epoch: 3,
        flags: VolumeFlag.Active,
    })
    Object.assign(board.b, {
        firstLba: 2048 + VOLUME_BLOCKS,
        blocks: VOLUME_BLOCKS,
        epoch: 0x01020304,
        flags: VolumeFlag.Alone | VolumeFlag.Outdated,
    })
    return board
}

/** A superblock written down by hand, but for its digest. */
function sectorByHand(generation: string, partner = "00".repeat(96)) {
    const body = [
        Buffer.from("TWINSTOR").toString("hex"),
        "01000000", // version
        generation,
        "44332211", // pair
        "01 000000 00000000 00000000", // whose card
        "00080000 00000100 03000000 01000000", // volume a
        "00080100 00000100 04030201 06000000", // volume b
        "00".repeat(32),
        partner,
        "00".repeat(288),
    ]
        .join("")
        .replace(/ /g, "")
    const sector = Buffer.from(body + "00".repeat(32), "hex")
    assert.equal(sector.length, 512)
    return body + createHash("sha256").update(sector).digest("hex")
}

describe("writing", () => {
    test("makes these bytes, by turns in two places", async () => {
        const { save } = await startFormatted()
        for (const [generation, lba] of [
            ["01000000", 1152],
            ["02000000", 128],
            ["03000000", 1152],
        ] as const) {
            const copy = save()
            assert.equal(copy.sector.toString("hex"), sectorByHand(generation))
            assert.equal(copy.lba, lba)
        }
    })
    test("has the partner as it was last met", async () => {
        const { s, save } = await startFormatted()
        const partner = "5a".repeat(96)
        s.partnerOnCard.blitAt(0, bytes(partner), 0, 96)
        const { sector } = save()
        const byHand = sectorByHand("01000000", partner)
        assert.equal(sector.toString("hex"), byHand)
    })
    test("goes to the same place again when the card refuses it", async () => {
        const { s } = await startFormatted()
        const lba = s.superblockLba()
        const sector = s.superblockSector().toString("hex")
        assert.equal(s.superblockLba(), lba)
        assert.equal(s.superblockSector().toString("hex"), sector)
    })
})

describe("a change", () => {
    test("is wanted until a sector has it", async () => {
        const { s, a } = await start()
        assert(!s.saveNext())
        s.wantSave(a)
        assert(s.saveNext())
        s.superblockSector()
        assert(!s.saveNext())
    })
    test("counts only when it is on the card", async () => {
        const { s, a } = await start()
        s.wantSave(a)
        s.superblockSector()
        assert(!a.isSaved)
        s.saved()
        assert(a.isSaved)
    })
    test("that comes while a sector is written waits for the next", async () => {
        const { s, a, b, save } = await start()
        s.wantSave(a)
        s.superblockSector()
        s.wantSave(b)
        s.saved()
        assert(a.isSaved)
        assert(!b.isSaved)
        assert(s.saveNext())
        save()
        assert(b.isSaved)
    })
    test("of what is being written makes that old", async () => {
        const { s, a } = await start()
        s.wantSave(a)
        s.superblockSector()
        s.wantSave(a)
        s.saved()
        assert(!a.isSaved)
    })
})

describe("a change of epoch", () => {
    test("counts when both copies have it", async () => {
        const { s, a, save } = await startFormatted()
        s.wantBothCopies(a)
        save()
        assert(!a.isSaved)
        assert(s.saveNext())
        save()
        assert(a.isSaved)
        assert(!s.saveNext())
    })
    test("is in both though a change of Active comes between", async () => {
        const { s, a, save } = await startFormatted()
        a.epoch = 9
        s.wantBothCopies(a)
        save()
        a.flags ^= VolumeFlag.Active
        s.wantSave(a)
        assert(!a.isSaved)
        const { sector } = save()
        assert(a.isSaved)
        assert.equal(sector.getAt(32 + 8, "u32"), 9)
    })
    test("that comes while a sector is written needs two more", async () => {
        const { s, a, save } = await startFormatted()
        s.wantSave(a)
        s.superblockSector()
        s.wantBothCopies(a)
        s.saved()
        save()
        assert(!a.isSaved)
        save()
        assert(a.isSaved)
    })
    test("of one volume holds up no other", async () => {
        const { s, a, b, save } = await startFormatted()
        s.wantBothCopies(a)
        s.wantSave(b)
        save()
        assert(b.isSaved && !a.isSaved)
    })

    const step = fc.constantFrom(
        ...["epoch", "active", "make", "write", "write", "cut"],
    )
    test("is never taken back, whenever power fails and whichever copy rots", () =>
        fc.assert(
            fc.asyncProperty(fc.array(step, { maxLength: 16 }), async steps => {
                const card = new Map<number, Buffer>()
                let board = await startFormatted()
                const write = () => {
                    const { lba, sector } = board.save()
                    card.set(lba, sector)
                }
                write()
                write()
                /** A board that starts with the card, but for one copy. */
                async function boot(lost?: number) {
                    const next = await start()
                    for (const lba of [128, 1152]) {
                        const sector = lba === lost ? undefined : card.get(lba)
                        if (
                            sector &&
                            next.s.ownerOf(sector) === next.s.Owner.Ours
                        )
                            next.s.load(sector)
                    }
                    return next
                }
                board.a.isSaved = true
                let counted = board.a.epoch
                for (const what of steps) {
                    const { s, a } = board
                    if (what === "epoch") {
                        a.epoch++
                        s.wantBothCopies(a)
                    } else if (what === "active") {
                        a.flags ^= VolumeFlag.Active
                        s.wantSave(a)
                    } else if (what === "write") {
                        if (s.saveNext()) write()
                    } else if (what === "make") {
                        // power fails in mid-write: the older copy is torn
                        if (!s.saveNext()) continue
                        card.delete(s.superblockLba())
                        board = await boot()
                    } else board = await boot()
                    if (what === "cut" || what === "make")
                        if (board.s.lacksCopy()) write()
                    if (board.a.isSaved) counted = board.a.epoch
                    assert(board.a.epoch >= counted)
                    for (const lost of [undefined, 128, 1152]) {
                        const { a } = await boot(lost)
                        const isTorn = card.size < 2 && lost !== undefined
                        if (!isTorn) assert(a.epoch >= counted)
                    }
                }
            }),
            { seed: 16, numRuns: 25 },
        ))
})

describe("a sector is a superblock", async () => {
    const { s, a, save } = await startFormatted()
    const { sector: whole } = save()
    const { Owner } = s

    test("of ours", () => {
        const before = whole.toString("hex")
        assert.equal(s.ownerOf(whole), Owner.Ours)
        assert.equal(whole.toString("hex"), before)
    })
    test("of another pair", async () => {
        const other = await start(PAIR + 1)
        assert.equal(other.s.ownerOf(whole), Owner.Others)
    })
    test("of the partner's card", async () => {
        const partner = await start(PAIR, 1 - INDEX)
        assert.equal(partner.s.ownerOf(whole), Owner.Others)
    })
    for (const fill of [0x00, 0xff])
        test(`but not when it is full of ${fill}`, () => {
            const blank = zeros(512)
            blank.fillAt(0, 512, fill)
            assert.equal(s.ownerOf(blank), Owner.None)
        })
    test("but not with one bit changed, wherever", () =>
        fc.assert(
            fc.property(fc.nat(511), fc.nat(7), (at, bit) => {
                const spoilt = whole.slice()
                spoilt[at] = spoilt[at] ^ (1 << bit)
                assert.equal(s.ownerOf(spoilt), Owner.None)
            }),
            { seed: 9, numRuns: 500 },
        ))
    test("but not of another version, though its digest is right", () => {
        const other = Buffer.from(whole.toString("hex"), "hex")
        other[8] = 2
        other.fill(0, 480)
        createHash("sha256").update(other).digest().copy(other, 480)
        const sector = bytes(other.toString("hex"))
        assert.equal(s.ownerOf(sector), Owner.None)
    })
    test("but not when its write was cut off", () => {
        a.epoch++
        const { sector: next } = save()
        fc.assert(
            fc.property(fc.integer({ min: 1, max: 511 }), at => {
                const torn = next.slice(0, at).concat(whole.slice(at))
                const is = torn.toString("hex")
                // what differs may all be before the cut, or behind it
                if (is === next.toString("hex")) return
                if (is === whole.toString("hex")) return
                assert.equal(s.ownerOf(torn), Owner.None)
            }),
            { seed: 10, numRuns: 500 },
        )
    })
})

describe("reading", async () => {
    const { s, a, save } = await startFormatted()
    const [older, newer] = [7, 8].map(epoch => {
        a.epoch = epoch
        a.flags = epoch === 8 ? VolumeFlag.Alone : 0
        s.partnerOnCard.fillAt(0, 96, epoch)
        return save()
    })

    /** A board that starts with these sectors on its card. */
    async function startWith(...found: Buffer[]) {
        const board = await start()
        for (const sector of found)
            if (board.s.ownerOf(sector) === s.Owner.Ours) board.s.load(sector)
        return board
    }

    for (const [what, found] of [
        ["in their order", [older.sector, newer.sector]],
        ["the newer one first", [newer.sector, older.sector]],
        ["the older one lost", [zeros(512), newer.sector]],
    ] as const)
        test(`takes the newer of two copies, ${what}`, async () => {
            const { s, a, b } = await startWith(...found)
            assert.equal(a.epoch, 8)
            assert.equal(a.flags, VolumeFlag.Alone)
            assert.equal(a.firstLba, 2048)
            assert.equal(a.blocks, VOLUME_BLOCKS)
            assert.equal(b.epoch, 0x01020304)
            assert.equal(b.firstLba, 2048 + VOLUME_BLOCKS)
            assert(a.isSaved && b.isSaved)
            assert.equal(s.partnerOnCard.toString("hex"), "08".repeat(96))
            // the next one goes over the older one
            assert.equal(s.superblockLba(), older.lba)
        })

    test("takes the older one when the newer one is torn", async () => {
        const torn = newer.sector.slice(0, 100).concat(older.sector.slice(100))
        const { s, a } = await startWith(older.sector, torn)
        assert.equal(a.epoch, 7)
        assert.equal(a.flags, 0)
        assert.equal(s.superblockLba(), newer.lba)
    })
    test("of nothing leaves nothing", async () => {
        const { a } = await startWith(zeros(512), zeros(512))
        assert.equal(a.blocks, 0)
        assert(!a.isSaved)
    })
})
