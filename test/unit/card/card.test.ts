/** What `npm run card` says of cards that are in every state. */
import assert from "node:assert/strict"
import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { readCard } from "../../../devs/card/card.ts"
import { tellCard, tellNewer } from "../../../devs/card/tell.ts"
import {
    writeCard,
    type CardImage,
    type VolumeOnCard,
} from "../../support/cardimage.ts"
import { run, temporaryFolder } from "../../support/tools.ts"

const ACTIVE = 1
const ALONE = 2
const OUTDATED = 4
const FRESH = 8

const CARD_A: CardImage = {
    pair: 30485,
    index: 0,
    mib: 32,
    volumes: [{ epoch: 1 }, { epoch: 1 }],
    partner: {
        ip: [192, 168, 1, 12],
        port: 3260,
        target: "iqn.2026-11.com.example:twinstore.b",
    },
}
const CARD_B: CardImage = { ...CARD_A, index: 1, partner: undefined }

/** What is said of a card. */
function said(dir: string, card: CardImage): string {
    const file = path.join(dir, "card.img")
    writeCard(file, card)
    return tellCard(readCard(file)).join("\n").replaceAll(file, "FILE")
}

test("a card in peace", t => {
    assert.equal(
        said(temporaryFolder(t), CARD_A),
        `FILE: card of board a, pair 30485
superblock: generation 5, both copies whole
partner: board b, met at 192.168.1.12:3260, iqn.2026-11.com.example:twinstore.b
volume a, its own: partition 1, 32 MiB from sector 2048, epoch 1
    no dirty map counts
    losetup --read-only --offset 1048576 --sizelimit 33554432 --find --show FILE
volume b, the partner's: partition 2, 32 MiB from sector 67584, epoch 1
    no dirty map counts
    losetup --read-only --offset 34603008 --sizelimit 33554432 --find --show FILE`,
    )
})

test("each flag, and what the dirty map says, in words", t => {
    const dir = temporaryFolder(t)
    const of = (a: VolumeOnCard, more: Partial<CardImage> = {}) =>
        said(dir, { ...CARD_A, ...more, volumes: [a, { epoch: 1 }] })
    for (const [volume, words] of [
        [{ epoch: 1, flags: OUTDATED }, /^ {4}outdated: the other card may/m],
        [{ epoch: 2, flags: ALONE }, /^ {4}alone: .* in this epoch$/m],
        [{ epoch: 2, flags: ALONE }, /no dirty map counts: all of it may diff/],
        [
            { epoch: 1, flags: ACTIVE },
            /^ {4}active: writes may be on one card/m,
        ],
        [{ epoch: 1, flags: FRESH }, /^ {4}fresh: nothing was ever written/m],
        [
            { epoch: 3, flags: ALONE, map: { base: 2, bits: [0x81, 0, 7] } },
            /differs from .* epoch 2 in 5 of 2048 extents, 80 KiB at most$/m,
        ],
        [
            { epoch: 3, map: { base: 3, bits: [0xff] } },
            /writes were expected in 8 of 2048 extents, 128 KiB at most$/m,
        ],
    ] as [VolumeOnCard, RegExp][])
        assert.match(of(volume), words)
    assert.match(
        of({ epoch: 1 }, { generations: [0, 5] }),
        /generation 5, one of two copies whole/,
    )
    assert.match(
        of({ epoch: 1 }, { generations: [6, 5] }),
        /generation 6, both/,
    )
    assert.match(
        of({ epoch: 1 }, { partner: undefined }),
        /^partner: board b, never met$/m,
    )
})

test("of two cards it is told which one counts", t => {
    const dir = temporaryFolder(t)
    const files = [path.join(dir, "a.img"), path.join(dir, "b.img")]
    const newer = (onA: VolumeOnCard, onB: VolumeOnCard) => {
        writeCard(files[0], { ...CARD_A, volumes: [onA, { epoch: 1 }] })
        writeCard(files[1], { ...CARD_B, volumes: [onB, { epoch: 1 }] })
        const [a, b] = files.map(readCard)
        // in whatever order they are named
        const lines = tellNewer(a, b)
        assert.deepEqual(tellNewer(b, a), lines)
        assert.equal(lines[1], "volume b: both copies are equal")
        return lines[0]
    }
    for (const [onA, onB, words] of [
        [{ epoch: 2 }, { epoch: 2 }, "both copies are equal"],
        [
            { epoch: 1 },
            { epoch: 2, flags: ALONE },
            "the card of board b counts",
        ],
        [
            { epoch: 2, flags: ALONE },
            { epoch: 1, flags: OUTDATED },
            "the card of board a counts",
        ],
        [
            { epoch: 1, flags: OUTDATED },
            { epoch: 1 },
            "the card of board b counts",
        ],
        [
            { epoch: 2, flags: ALONE, map: { base: 1, bits: [1] } },
            { epoch: 2, flags: ALONE, map: { base: 1, bits: [1] } },
            "both boards went on alone: each copy has writes that the other lacks",
        ],
    ] as [VolumeOnCard, VolumeOnCard, string][])
        assert.equal(newer(onA, onB), `volume a: ${words}`)
})

test("the command tells, refuses what is no card, and writes nothing", async t => {
    const dir = temporaryFolder(t)
    const [a, b] = [path.join(dir, "a.img"), path.join(dir, "b.img")]
    writeCard(a, CARD_A)
    writeCard(b, CARD_B)
    const before = [a, b].map(f => readFileSync(f))
    const card = (...files: string[]) =>
        run(t, "npm", ["run", "--silent", "card", "--", ...files])
    const told = await card(a, b)
    assert.match(told, /a\.img: card of board a.*b\.img: card of board b/s)
    assert.match(told, /volume a: both copies are equal\nvolume b: both/)
    const other = path.join(dir, "other.img")
    writeCard(other, { ...CARD_B, pair: 7 })
    const blank = path.join(dir, "blank.img")
    writeFileSync(blank, "")
    truncateSync(blank, 2 << 20)
    const photo = path.join(dir, "photo.img")
    writeFileSync(photo, Buffer.alloc(2 << 20, "photo"))
    for (const [files, words] of [
        [[blank], /blank\.img is blank: a board that gets it formats it/],
        [[photo], /has no superblock of Twinstore.*does not touch it/],
        [[path.join(dir, "none")], /none is not there: `lsblk` lists drives/],
        [[dir], /is a folder: name the whole drive/],
        [[a, other], /cards are of two pairs, 30485 and 7/],
        [[a, a], /both cards are board a's/],
    ] as [string[], RegExp][])
        await assert.rejects(card(...files), words)
    assert.deepEqual(
        [a, b].map(f => readFileSync(f)),
        before,
    )
})
