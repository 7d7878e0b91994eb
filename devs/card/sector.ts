/** What card structures have in common: sectors, and a digest at the end. */
import { createHash } from "node:crypto"

/** What has sectors: a simulated card, an image, a card in a reader. */
export interface Sectors {
    read(lba: number): Uint8Array
}

/**
 * Whether a sector begins with a magic and is whole.
 * @param digestAt where the SHA-256 is of the sector with zeros there
 */
export function isWhole(sector: Buffer, magic: string, digestAt: number) {
    if (sector.toString("latin1", 0, magic.length) !== magic) return false
    const digest = Buffer.from(sector.subarray(digestAt))
    const rest = Buffer.from(sector).fill(0, digestAt)
    return createHash("sha256").update(rest).digest().equals(digest)
}

/** Of some sectors, those that pass a test, the newest first. */
export function newestFirst(
    from: Sectors,
    lbas: number[],
    counts: (sector: Buffer) => boolean,
    generationAt: number,
): Buffer[] {
    return lbas
        .map(lba => Buffer.from(from.read(lba)))
        .filter(counts)
        .sort(
            (x, y) =>
                y.readUInt32LE(generationAt) - x.readUInt32LE(generationAt),
        )
}
