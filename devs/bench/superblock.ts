/** What a card's superblock says, read from its medium; SPEC.md chapter 1. */
import { createHash } from "node:crypto"
import type { Media } from "./sdcard/media.ts"

/** Sectors of its two copies. */
export const SUPERBLOCK_LBA = [128, 1152]
const MAGIC = "TWINSTOR"
const GENERATION = 12
const VOLUMES = 32
const VOLUME_SIZE = 16
const EPOCH = 8
const FLAGS = 12
const DIGEST = 480
/** writes may be on one card and not yet on the other */
const ACTIVE = 1
/** this board went on alone in this epoch */
const ALONE = 2
/** the other board may have gone on alone: this copy may be old */
const OUTDATED = 4

export interface VolumeState {
    epoch: number
    isActive: boolean
    isAlone: boolean
    isOutdated: boolean
}

/** Both volumes by the newest whole superblock, or none: there is no such. */
export function volumesOn(media: Media): VolumeState[] | undefined {
    const [newest] = SUPERBLOCK_LBA.map(lba => Buffer.from(media.read(lba)))
        .filter(isWhole)
        .sort((x, y) => generation(y) - generation(x))
    if (!newest) return undefined
    return [0, 1].map(volume => {
        const at = VOLUMES + volume * VOLUME_SIZE
        const flags = newest.readUInt32LE(at + FLAGS)
        return {
            epoch: newest.readUInt32LE(at + EPOCH),
            isActive: (flags & ACTIVE) !== 0,
            isAlone: (flags & ALONE) !== 0,
            isOutdated: (flags & OUTDATED) !== 0,
        }
    })
}

/**
 * Whether writes to a volume may be on one card and not on the other.
 * @param volume 0 for a, 1 for b
 */
export function isActive(media: Media, volume: number): boolean {
    return !!volumesOn(media)?.[volume].isActive
}

function isWhole(sector: Buffer) {
    if (sector.toString("latin1", 0, MAGIC.length) !== MAGIC) return false
    const digest = Buffer.from(sector.subarray(DIGEST))
    const rest = Buffer.from(sector).fill(0, DIGEST)
    return createHash("sha256").update(rest).digest().equals(digest)
}

function generation(superblock: Buffer) {
    return superblock.readUInt32LE(GENERATION)
}
