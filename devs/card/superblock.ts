/** What a card's superblock says, read on a PC; SPEC.md chapter 1. */
import {
    SB_DIGEST,
    SB_GENERATION,
    SB_INDEX,
    SB_PAIR,
    SB_PARTNER,
    SB_VERSION,
    SB_VOLUMES,
    SB_VOLUME_SIZE,
    SUPERBLOCK_LBA,
    SUPERBLOCK_MAGIC,
    SUPERBLOCK_VERSION,
} from "../../src/wire/card.ts"
import { isWhole, newestFirst, type Sectors } from "./sector.ts"

/**
 * Where an identity has what is told of it: as in `src/wire/link.ts`, which
 * needs DeviceScript.
 */
const ID_IP = 14
const ID_PORT = 18
const ID_NAME_LENGTH = 20
const ID_NAME = 21

export interface CardVolume {
    firstLba: number
    blocks: number
    epoch: number
    /** of `VolumeFlag` */
    flags: number
}

export interface Superblock {
    generation: number
    pair: number
    /** whose card: 0 for a, 1 for b */
    index: number
    /** a, and b */
    volumes: CardVolume[]
    /** undefined: it was never met */
    partner?: { ip: string; port: number; target: string }
    /** how many of its two copies are whole */
    copies: number
}

/** @returns the newest whole superblock, or undefined: there is none */
export function readSuperblock(card: Sectors): Superblock | undefined {
    const found = newestFirst(card, SUPERBLOCK_LBA, isSuperblock, SB_GENERATION)
    if (!found.length) return undefined
    const [b] = found
    return {
        generation: b.readUInt32LE(SB_GENERATION),
        pair: b.readUInt32LE(SB_PAIR),
        index: b[SB_INDEX],
        volumes: [0, 1].map(i => volumeAt(b, SB_VOLUMES + i * SB_VOLUME_SIZE)),
        partner: partnerIn(b.subarray(SB_PARTNER)),
        copies: found.length,
    }
}

function isSuperblock(sector: Buffer) {
    return (
        isWhole(sector, SUPERBLOCK_MAGIC, SB_DIGEST) &&
        sector.readUInt32LE(SB_VERSION) === SUPERBLOCK_VERSION
    )
}

function volumeAt(b: Buffer, at: number): CardVolume {
    const [firstLba, blocks, epoch, flags] = [0, 4, 8, 12].map(offset =>
        b.readUInt32LE(at + offset),
    )
    return { firstLba, blocks, epoch, flags }
}

function partnerIn(id: Buffer): Superblock["partner"] {
    const length = id[ID_NAME_LENGTH]
    if (length === 0) return undefined
    return {
        ip: [...id.subarray(ID_IP, ID_IP + 4)].join("."),
        port: id.readUInt16LE(ID_PORT),
        target: id.toString("latin1", ID_NAME, ID_NAME + length),
    }
}
