/** What a card's superblock says, read from its medium; SPEC.md chapter 1. */
import type { Media } from "./sdcard/media.ts"

const COPIES = [128, 1152]
const MAGIC = "TWINSTOR"
const GENERATION = 12
const VOLUMES = 32
const VOLUME_SIZE = 16
const FLAGS = 12
/** writes may be on one card and not yet on the other */
const ACTIVE = 1

/**
 * Whether writes to a volume may be on one card and not on the other.
 * @param volume 0 for a, 1 for b
 */
export function isActive(media: Media, volume: number): boolean {
    const [newest] = COPIES.map(lba => Buffer.from(media.read(lba)))
        .filter(b => b.toString("latin1", 0, MAGIC.length) === MAGIC)
        .sort((x, y) => generation(y) - generation(x))
    const at = VOLUMES + volume * VOLUME_SIZE + FLAGS
    return !!newest && (newest.readUInt32LE(at) & ACTIVE) !== 0
}

function generation(superblock: Buffer) {
    return superblock.readUInt32LE(GENERATION)
}
