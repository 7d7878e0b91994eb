/** Writes enter the log here, and volumes begin and end being written to. */
import { VolumeFlag } from "../wire/card"
import { markBlocks, markIntent, trimIntents } from "./dirtymap"
import { wakeStorage } from "./storage"
import { wantBothCopies, wantSave } from "./superblock"
import { append, isQuiet, isReceiving, Mode, safe, Volume } from "./volume"

/**
 * Adds a write to the log. The first one after a pause marks the volume on
 * the card, in both copies: the mirror's card may have the write before the
 * home's has even the mark. `acknowledgeable` and the flush wait for it.
 * @param run first block in the pool; the log gives it back
 * @returns its sequence number
 */
export function write(
    v: Volume,
    lba: number,
    count: number,
    run: number,
): number {
    const seq = append(v, lba, count, run)
    if ((v.flags & VolumeFlag.Active) === 0) {
        const isFirst = (v.flags & VolumeFlag.Fresh) !== 0
        if (isFirst && v.mode === Mode.Mirrored) v.flags |= VolumeFlag.First
        v.flags = (v.flags | VolumeFlag.Active) & ~VolumeFlag.Fresh
        wantBothCopies(v)
    }
    if (isMarkedNow(v, lba, count) || v.mode <= Mode.Alone) wakeStorage()
    return seq
}

/**
 * Marks where a write goes of which the partner's card may have it first. Alone,
 * the card's fiber marks all at once that it is about to write.
 * @returns whether the map must be written for it
 */
function isMarkedNow(v: Volume, lba: number, count: number): boolean {
    if (v.mode === Mode.Mirrored) return markIntent(v, lba, count)
    return v.mode > Mode.Alone && markBlocks(v, lba, count)
}

/**
 * Asks for all writes so far to become safe.
 * @returns the entry that `safe` must reach
 */
export function flush(v: Volume): number {
    if (safe(v) < v.appended && v.syncWanted < v.appended)
        v.syncWanted = v.appended
    return v.appended
}

/**
 * Without writes for so long, a volume is marked as not written to: at its home
 * when both cards have all. The mirror sees only its own card, and waits until
 * the home's card has its mark or has failed (busy for 600 ms).
 */
const QUIET_MS = 500
const MIRROR_QUIET_MS = 1500
const quietSince: number[] = [0, 0]
/** the last entry then, by volume */
const quietAt: number[] = [0, 0]

/** Call now and then. Marks a volume that has been quiet for a while. */
export function settle(v: Volume, now: number) {
    const i = v.index
    const isActive = (v.flags & VolumeFlag.Active) !== 0
    if (!isActive || !isQuiet(v) || v.appended !== quietAt[i]) {
        quietSince[i] = now
        quietAt[i] = v.appended
        return
    }
    const quietMs = isReceiving(v) ? MIRROR_QUIET_MS : QUIET_MS
    if (now - quietSince[i] < quietMs) return
    v.flags &= ~VolumeFlag.Active
    if (v.mode === Mode.Mirrored) trimIntents(v)
    wantSave(v)
    wakeStorage()
}
