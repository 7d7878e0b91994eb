/** What the card of a simulated board says of its volumes. */
import { VolumeFlag } from "../../src/wire/card.ts"
import type { Sectors } from "../card/sector.ts"
import { readSuperblock } from "../card/superblock.ts"

export interface VolumeState {
    epoch: number
    isActive: boolean
    isAlone: boolean
    isOutdated: boolean
}

/** Both volumes by the newest whole superblock, or none: there is no such. */
export function volumesOn(media: Sectors): VolumeState[] | undefined {
    return readSuperblock(media)?.volumes.map(({ epoch, flags }) => ({
        epoch,
        isActive: (flags & VolumeFlag.Active) !== 0,
        isAlone: (flags & VolumeFlag.Alone) !== 0,
        isOutdated: (flags & VolumeFlag.Outdated) !== 0,
    }))
}

/**
 * Whether writes to a volume may be on one card and not on the other.
 * @param volume 0 for a, 1 for b
 */
export function isActive(media: Sectors, volume: number): boolean {
    return !!volumesOn(media)?.[volume].isActive
}
