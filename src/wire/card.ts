/**
 * What stands on a card; SPEC.md chapter 1. Numbers are little-endian.
 */
import { putText } from "./bytes"

/** Bytes of a sector of a card, and of a block of a volume. */
export const SECTOR = 512

/** Sectors of the two copies of the superblock, half a megabyte apart. */
export const SUPERBLOCK_LBA = [128, 1152]
/** First sector of the first volume: 1 MiB, as PC tools align. */
export const FIRST_VOLUME_LBA = 2048
/** First sector of the partition with the superblocks. */
export const META_LBA = 64

/// Superblock ///

export const SUPERBLOCK_MAGIC = "TWINSTOR"
export const SUPERBLOCK_VERSION = 1

/** u32 each; the magic comes first */
export const SB_VERSION = 8
export const SB_GENERATION = 12
export const SB_PAIR = 16
/** u8: whose card this is, 0 for a */
export const SB_INDEX = 20
/** two entries: u32 first sector, u32 blocks, u32 epoch, u32 flags */
export const SB_VOLUMES = 32
export const SB_VOLUME_SIZE = 16
/** the partner's identity, IDENTITY_SIZE bytes; zero when never met */
export const SB_PARTNER = 96
/** SHA-256 of the sector with zeros here */
export const SB_DIGEST = 480

export enum VolumeFlag {
    /** writes may be on one card and not yet on the other */
    Active = 1,
    /** this board went on alone in this epoch */
    Alone = 2,
    /** the other board may have gone on alone: this copy may be old */
    Outdated = 4,
    /** a new card's, that was never in step with another */
    Fresh = 8,
    /** a new pair's first write is under way at its home, which has not
     * acknowledged any */
    First = 16,
}

/// Dirty map ///

/**
 * Where the two copies of a volume's dirty map are, `MAP_STEP` for volume b
 * behind those of a. Far from each other and from the superblock: a write that
 * is cut off may damage its neighbours.
 */
export const MAP_LBA = [384, 1408]
export const MAP_STEP = 256

export const MAP_MAGIC = "TWINDIRT"

/** u32 each; the magic comes first */
export const DM_GENERATION = 8
export const DM_PAIR = 12
/** the epoch of the volume in which the map counts */
export const DM_EPOCH = 16
/** the epoch in which both copies of the volume were last equal */
export const DM_BASE = 20
/** u8: whose card, u8: which volume, u8: an extent has 2^n blocks */
export const DM_INDEX = 24
export const DM_VOLUME = 25
export const DM_SHIFT = 26
/** a bit an extent, from the lowest bit of the first byte on */
export const DM_BITS = 32
export const DM_BYTES = 448
/** SHA-256 of the sector with zeros here */
export const DM_DIGEST = 480

/** Extents are no smaller than the largest write of one log entry. */
const MIN_SHIFT = 3

/** The smallest extents, as a power of two, of which a map has enough. */
export function extentShift(blocks: number): number {
    let shift = MIN_SHIFT
    while (Math.ceil(blocks / (1 << shift)) > DM_BYTES * 8) shift++
    return shift
}

/// Partition table ///

const MBR_SIGNATURE = 440
const MBR_PARTITIONS = 446
const MBR_ENTRY = 16
/** "any Linux file system", and "not a file system" */
const TYPE_VOLUME = 0x83
const TYPE_META = 0xda

function putPartition(
    b: Buffer,
    index: number,
    type: number,
    lba: number,
    blocks: number,
) {
    const at = MBR_PARTITIONS + index * MBR_ENTRY
    // cylinder, head and sector say "use the LBA"
    b.blitAt(at, hex`00 feffff 00 feffff`, 0, 8)
    b[at + 4] = type
    b.setAt(at + 8, "u32", lba)
    b.setAt(at + 12, "u32", blocks)
}

/**
 * Writes a master boot record: volume a, volume b, and the rest.
 * @param b 512 bytes
 */
export function putMbr(b: Buffer, pairId: number, blocksPerVolume: number) {
    b.fillAt(0, SECTOR, 0)
    b.setAt(MBR_SIGNATURE, "u32", pairId)
    putPartition(b, 0, TYPE_VOLUME, FIRST_VOLUME_LBA, blocksPerVolume)
    putPartition(
        b,
        1,
        TYPE_VOLUME,
        FIRST_VOLUME_LBA + blocksPerVolume,
        blocksPerVolume,
    )
    putPartition(b, 2, TYPE_META, META_LBA, FIRST_VOLUME_LBA - META_LBA)
    b[510] = 0x55
    b[511] = 0xaa
}

/** Whether a sector ends as a master boot record does: it was written whole. */
export function isMbr(b: Buffer): boolean {
    return b[510] === 0x55 && b[511] === 0xaa
}

/** Begins a superblock: magic and version. */
export function putSuperblockHead(b: Buffer) {
    b.fillAt(0, SECTOR, 0)
    putText(b, 0, 8, SUPERBLOCK_MAGIC, 0)
    b.setAt(SB_VERSION, "u32", SUPERBLOCK_VERSION)
}

/** Whether all bytes of a sector are alike, and 0x00 or 0xff. */
export function isBlank(b: Buffer): boolean {
    const first = b.getAt(0, "u32")
    if (first !== 0 && first !== 0xffffffff) return false
    for (let i = 4; i < SECTOR; i += 4)
        if (b.getAt(i, "u32") !== first) return false
    return true
}
