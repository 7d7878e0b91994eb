/** A volume goes on without the partner: a new epoch, and what may differ. */
import { event } from "../console/events"
import {
    beginMap,
    hasIntents,
    isMapOf,
    markAll,
    markEntries,
    renewMap,
} from "../store/dirtymap"
import { OWN_BLOCKS } from "../store/pool"
import { wakeStorage } from "../store/storage"
import { wantBothCopies } from "../store/superblock"
import { Mode, Volume } from "../store/volume"
import { VolumeFlag } from "../wire/card"

/**
 * What may differ on the two cards when a volume's new epoch begins. Before
 * `v.mode` says that it has.
 */
function markDifferences(v: Volume) {
    // nothing was ever written to a new card's volume
    const isFresh = (v.flags & VolumeFlag.Fresh) !== 0
    const base = isFresh ? 0 : v.epoch
    const last = v.appended
    if (v.mode === Mode.Waiting) {
        // a board that was alone before goes on with its map; one that was not
        // knows where it was writing when all power was lost
        if ((v.flags & VolumeFlag.Alone) !== 0 && isMapOf(v)) return
        if (hasIntents(v)) return
        beginMap(v, base)
        if (!isFresh) markAll(v)
        return
    }
    // what was dirty when the partner was about to join may still be
    if (v.mode === Mode.Joining) return
    beginMap(v, base)
    // Who serves knows what its partner has on its card. The mirror does not,
    // but what the other had not on its card held a block of its memory
    const first =
        v.mode === Mode.Mirrored ? v.partnerDurable : last - OWN_BLOCKS
    markEntries(v, first < 0 ? 1 : first + 1, last)
}

/** Volumes of which the partner shall get all again; a bit each. */
let wholes = 0

/** All of a volume differs from now on, or as soon as it goes on alone. */
export function wantWhole(v: Volume) {
    if (v.mode === Mode.Alone) {
        markAll(v)
        wakeStorage()
    } else wholes |= 1 << v.index
}

/** Every write goes to this card alone from now on: a new epoch. */
export function goAlone(v: Volume) {
    markDifferences(v)
    if (wholes & (1 << v.index)) markAll(v)
    wholes &= ~(1 << v.index)
    v.mode = Mode.Alone
    v.epoch++
    renewMap(v)
    v.flags =
        (v.flags | VolumeFlag.Alone) &
        ~(VolumeFlag.Outdated | VolumeFlag.Fresh | VolumeFlag.First)
    v.sent = v.committed = v.appended
    wantBothCopies(v)
    wakeStorage()
    event(`volume ${v.index === 0 ? "a" : "b"} alone epoch=${v.epoch}`)
}
