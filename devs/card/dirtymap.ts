/** What a volume's dirty map says, read on a PC; SPEC.md chapter 1. */
import {
    DM_BASE,
    DM_BITS,
    DM_BYTES,
    DM_DIGEST,
    DM_EPOCH,
    DM_GENERATION,
    DM_INDEX,
    DM_PAIR,
    DM_SHIFT,
    DM_VOLUME,
    extentShift,
    MAP_LBA,
    MAP_MAGIC,
    MAP_STEP,
} from "../../src/wire/card.ts"
import { isWhole, newestFirst, type Sectors } from "./sector.ts"
import type { Superblock } from "./superblock.ts"

export interface DirtyMap {
    /** the epoch in which both copies were last equal; 0: of new cards */
    base: number
    /** extents that are marked, of how many there are */
    marked: number
    extents: number
    /** blocks of an extent */
    extentBlocks: number
}

/**
 * @param volume 0 for a, 1 for b
 * @returns the map that counts in the volume's epoch, or undefined
 */
export function readDirtyMap(
    card: Sectors,
    superblock: Superblock,
    volume: number,
): DirtyMap | undefined {
    const { epoch, blocks } = superblock.volumes[volume]
    const shift = extentShift(blocks)
    const isMap = (b: Buffer) =>
        isWhole(b, MAP_MAGIC, DM_DIGEST) &&
        b.readUInt32LE(DM_PAIR) === superblock.pair &&
        b[DM_INDEX] === superblock.index &&
        b[DM_VOLUME] === volume &&
        b[DM_SHIFT] === shift
    const lbas = MAP_LBA.map(lba => lba + volume * MAP_STEP)
    const [b] = newestFirst(card, lbas, isMap, DM_GENERATION)
    if (!b || b.readUInt32LE(DM_EPOCH) !== epoch) return undefined
    const extents = Math.ceil(blocks / (1 << shift))
    let marked = 0
    for (let bits of b.subarray(DM_BITS, DM_BITS + DM_BYTES))
        for (; bits; bits >>= 1) marked += bits & 1
    return {
        base: b.readUInt32LE(DM_BASE),
        marked,
        extents,
        extentBlocks: 1 << shift,
    }
}
