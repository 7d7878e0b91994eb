/**
 * The superblock: whose card this is, and how new its volumes are. Two copies
 * are written in turn, so that a torn write of one leaves the other.
 *
 * What a copy says must not be lost with it when it says whose data count, or
 * that cards may differ: epochs, `Alone`, `Outdated` and `Active` stand in both
 * before they count, and neither says `Fresh` any more before a write does. That
 * `Active` is over may stand in one.
 */
import { digest } from "@devicescript/crypto"
import {
    putSuperblockHead,
    SB_DIGEST,
    SB_GENERATION,
    SB_INDEX,
    SB_PAIR,
    SB_PARTNER,
    SB_VERSION,
    SB_VOLUMES,
    SB_VOLUME_SIZE,
    SECTOR,
    SUPERBLOCK_LBA,
    SUPERBLOCK_MAGIC,
    SUPERBLOCK_VERSION,
    VolumeFlag,
} from "../wire/card"
import { IDENTITY_SIZE } from "../wire/link"
import { Volume } from "./volume"

/** What is written to the card next; of the dirty map, too. */
export const image = Buffer.alloc(SECTOR)
/** The partner as it was last met; zero when never. */
export const partnerOnCard = Buffer.alloc(IDENTITY_SIZE)

/** What only one copy may still say: at boot, it costs no more than caution. */
const ONE_COPY = VolumeFlag.Active | VolumeFlag.First

let volumes: Volume[]
let pairId = 0
let index = 0
let generation = 0
let isWanted = false
/** copies that must still be written until a volume is saved, by volume */
const missing: number[] = [0, 0]
/** copies on the card that say the same of epochs, at boot */
let agreeing = 0

/** What a new card's superblock begins with. */
export function initSuperblock(v: Volume[], pair: number, boardIndex: number) {
    volumes = v
    pairId = pair
    index = boardIndex
}

/**
 * Asks for the superblock to be written with what the volumes say now. Until
 * it is, nothing that depends on it is acknowledged.
 */
export function wantSave(v: Volume) {
    v.isSaved = false
    v.isInSector = false
    isWanted = true
    // two, when there was a change of epoch before
    if (missing[v.index] === 0) missing[v.index] = 1
}

/**
 * The same for a change of epoch, `Alone` or `Outdated`, for the beginning of
 * `Active`, and for the end of `Fresh`.
 */
export function wantBothCopies(v: Volume) {
    wantSave(v)
    missing[v.index] = 2
}

/** Whether a superblock is to be written. */
export function saveNext(): boolean {
    return isWanted
}

/** Makes the next superblock. @returns 512 bytes, valid until the next call */
export function superblockSector(): Buffer {
    isWanted = false
    putSuperblockHead(image)
    image.setAt(SB_GENERATION, "u32", generation + 1)
    image.setAt(SB_PAIR, "u32", pairId)
    image[SB_INDEX] = index
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        const at = SB_VOLUMES + i * SB_VOLUME_SIZE
        image.setAt(at, "u32", v.firstLba)
        image.setAt(at + 4, "u32", v.blocks)
        image.setAt(at + 8, "u32", v.epoch)
        image.setAt(at + 12, "u32", v.flags)
        v.isInSector = true
    }
    image.blitAt(SB_PARTNER, partnerOnCard, 0, IDENTITY_SIZE)
    // of the whole sector, with zeros where the digest will be
    image.blitAt(SB_DIGEST, digest("sha256", image), 0, 32)
    return image
}

/** Where the next superblock goes: the copy that is older. */
export function superblockLba(): number {
    return SUPERBLOCK_LBA[(generation + 1) & 1]
}

/** The superblock that was made last is on the card. */
export function saved() {
    generation++
    for (let i = 0; i < volumes.length; ++i) {
        if (!volumes[i].isInSector) continue
        if (missing[i] > 0) missing[i]--
        if (missing[i] === 0) volumes[i].isSaved = true
        else isWanted = true
    }
}

/// Reading, at boot ///

function isSuperblock(b: Buffer): boolean {
    for (let i = 0; i < 8; ++i)
        if (b[i] !== SUPERBLOCK_MAGIC.charCodeAt(i)) return false
    if (b.getAt(SB_VERSION, "u32") !== SUPERBLOCK_VERSION) return false
    image.blitAt(0, b, 0, SECTOR)
    image.fillAt(SB_DIGEST, 32, 0)
    const hash = digest("sha256", image)
    for (let i = 0; i < 32; ++i) if (b[SB_DIGEST + i] !== hash[i]) return false
    return true
}

/** Whose superblock it is. */
export enum Owner {
    /** not a superblock, or a torn one */
    None = 0,
    Ours,
    /** of another pair, or of the partner's card */
    Others,
}

export function ownerOf(b: Buffer): Owner {
    if (!isSuperblock(b)) return Owner.None
    const isOurs = b.getAt(SB_PAIR, "u32") === pairId && b[SB_INDEX] === index
    return isOurs ? Owner.Ours : Owner.Others
}

/** Whether a superblock says of epochs what is known. */
function agrees(b: Buffer): boolean {
    for (let i = 0; i < volumes.length; ++i) {
        const at = SB_VOLUMES + i * SB_VOLUME_SIZE
        const flags = b.getAt(at + 12, "u32")
        if (b.getAt(at + 8, "u32") !== volumes[i].epoch) return false
        if ((flags ^ volumes[i].flags) & ~ONE_COPY) return false
    }
    return true
}

/** Whether the card was in use: to format it takes two generations. */
export function wasUsed(): boolean {
    return generation > SUPERBLOCK_LBA.length
}

/** Whether a copy is lost, or behind: it must be written anew. */
export function lacksCopy(): boolean {
    return agreeing < SUPERBLOCK_LBA.length
}

/** Takes over what a superblock says, if it is newer than what is known. */
export function load(b: Buffer) {
    const g = b.getAt(SB_GENERATION, "u32")
    agreeing = generation > 0 && agrees(b) ? 2 : 1
    if (g <= generation) return
    generation = g
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        const at = SB_VOLUMES + i * SB_VOLUME_SIZE
        v.firstLba = b.getAt(at, "u32")
        v.blocks = b.getAt(at + 4, "u32")
        v.epoch = b.getAt(at + 8, "u32")
        v.flags = b.getAt(at + 12, "u32")
        v.isSaved = true
    }
    partnerOnCard.blitAt(0, b, SB_PARTNER, IDENTITY_SIZE)
}
