/**
 * A volume and its write log.
 *
 * The log is a ring of entries in order of their sequence numbers. What has
 * happened to an entry is told by counters alone, each the number of the last
 * entry it has happened to; they only grow, in this order:
 *
 *     appended ≥ sent ≥ stored = committed ≥ durable    served, and mirrored
 *     appended ≥ sent = committed ≥ durable             served, resyncing
 *     appended = committed ≥ durable                    served alone, or mirror
 *
 * Entries above `durable` are in the log: reads look at the committed ones, or
 * at all of a volume that is mirrored asynchronously, before they look at the
 * card. An entry's blocks are free once it is durable.
 */
import { giveRun, own, OWN_BLOCKS, remote } from "./pool"

/**
 * Entries of a log's ring; an entry's place is the lowest bits of its number.
 * Each entry holds at least a block of this board's pool or of the partner's,
 * 40 together, so the ring is never full.
 */
const LOG_SIZE = 64
export const LOG_MASK = LOG_SIZE - 1

/**
 * What becomes of writes to a volume at this board. In this order: see the
 * functions below.
 */
export enum Mode {
    /** no service: it is not known yet whose copy is the newest, or it is not
     * this one */
    Waiting = 0,
    /** writes come over the link; nothing is missing here */
    Mirror,
    /** writes come over the link; our copy is being brought up to date */
    Filling,
    /** served, no partner: each write goes to the card first */
    Alone,
    /** served; the partner is being brought up to date */
    Resyncing,
    /** served; the partner has all, and is told so */
    Joining,
    /** served: each write goes to the partner first */
    Mirrored,
}

/** How a volume is mirrored: a setting, the same on both boards. */
export enum Mirroring {
    /** a write is acknowledged when the partner's memory has it */
    Sync = 0,
    /** when this board's memory has it; the partner gets it soon after */
    Async,
    /** it is on its home's card alone, and is without service when that dies */
    None,
}

/** This board serves the volume. */
export function isServed(v: Volume): boolean {
    return v.mode >= Mode.Alone
}

/** Writes go to the partner. */
export function isSending(v: Volume): boolean {
    return v.mode > Mode.Alone
}

/** Writes come from the partner. */
export function isReceiving(v: Volume): boolean {
    return v.mode === Mode.Mirror || v.mode === Mode.Filling
}

/** What is written may not be at the partner, and is marked as dirty. */
export function isMarking(v: Volume): boolean {
    return v.mode >= Mode.Alone && v.mode < Mode.Mirrored
}

/**
 * By an entry's place: what is on our card and on its way to the partner's; a
 * bit a volume.
 */
const copies = Buffer.alloc(LOG_SIZE)
/** How many there are in both logs. */
export let copiesInLog = 0

export interface Volume {
    /** 0: volume a, 1: volume b */
    index: number
    /** on the card */
    firstLba: number
    blocks: number
    mode: Mode
    mirroring: Mirroring
    epoch: number
    /** `VolumeFlag`s, as the superblock shall have them */
    flags: number
    /** the card's superblock says what `epoch` and `flags` say */
    isSaved: boolean
    /** the superblock that is being written says it */
    isInSector: boolean

    /// the log: ring of entries by sequence number ///
    /** first block, u32 */
    lba: Buffer
    /** blocks, 1 to 8 */
    count: Buffer
    /** first block in the pool */
    run: Buffer
    /** first block in the partner's pool, where it is served */
    remoteRun: Buffer

    appended: number
    sent: number
    committed: number
    durable: number
    /** what the partner has in its memory, and on its card */
    stored: number
    partnerDurable: number
    /** last entry of a SYNC request that the partner has not answered */
    syncWanted: number
}

export function makeVolume(index: number): Volume {
    return {
        index,
        firstLba: 0,
        blocks: 0,
        mode: Mode.Waiting,
        mirroring: Mirroring.Sync,
        epoch: 0,
        flags: 0,
        isSaved: false,
        isInSector: false,
        lba: Buffer.alloc(LOG_SIZE << 2),
        count: Buffer.alloc(LOG_SIZE),
        run: Buffer.alloc(LOG_SIZE),
        remoteRun: Buffer.alloc(LOG_SIZE),
        appended: 0,
        sent: 0,
        committed: 0,
        durable: 0,
        stored: 0,
        partnerDurable: 0,
        syncWanted: 0,
    }
}

/**
 * Adds a write whose data are in the pool. `write` in store/log.ts is what
 * calls it: the card must know that the volume is written to.
 * @param run first block in the pool; the log gives it back
 * @returns its sequence number
 */
export function append(
    v: Volume,
    lba: number,
    count: number,
    run: number,
): number {
    const seq = v.appended + 1
    const i = seq & LOG_MASK
    v.lba.setAt(i << 2, "u32", lba)
    v.count[i] = count
    v.run[i] = run
    v.appended = seq
    if (v.mode <= Mode.Alone) v.committed = seq
    return seq
}

/** First block of the entry at a place of the ring. */
export function lbaOf(v: Volume, i: number): number {
    return v.lba.getAt(i << 2, "u32")
}

/**
 * Whether an entry behind `since`, up to `last`, is one of some blocks, or may
 * have been.
 */
export function wasWritten(
    v: Volume,
    since: number,
    last: number,
    lba: number,
    count: number,
): boolean {
    if (v.appended - since > LOG_MASK) return true
    for (let s = since + 1; s <= last; ++s) {
        const i = s & LOG_MASK
        const first = lbaOf(v, i)
        if (first < lba + count && lba < first + v.count[i]) return true
    }
    return false
}

/** The last entry is what our card has already. */
export function markCopy(v: Volume) {
    const i = v.appended & LOG_MASK
    copies[i] = copies[i] | (1 << v.index)
    copiesInLog++
}

/** Whether an entry is a copy of what our card has. */
export function isCopy(v: Volume, seq: number): boolean {
    return (copies[seq & LOG_MASK] & (1 << v.index)) !== 0
}

/** The card has all entries up to `seq`: their blocks are free. */
export function setDurable(v: Volume, seq: number) {
    for (let s = v.durable + 1; s <= seq; ++s) {
        const i = s & LOG_MASK
        // blocks of the partner's area are the partner's to give out
        if (v.run[i] < OWN_BLOCKS) giveRun(own, v.run[i], v.count[i])
        if (copiesInLog > 0 && isCopy(v, s)) {
            copies[i] = copies[i] & ~(1 << v.index)
            copiesInLog--
        }
    }
    v.durable = seq
}

/** The partner's card has all entries up to `seq`. */
export function setPartnerDurable(v: Volume, seq: number) {
    for (let s = v.partnerDurable + 1; s <= seq; ++s) {
        const i = s & LOG_MASK
        giveRun(remote, v.remoteRun[i], v.count[i])
    }
    v.partnerDurable = seq
}

/** Writes up to this one may be acknowledged to hosts, or to the partner. */
export function acknowledgeable(v: Volume): number {
    if (!v.isSaved) return 0
    if (v.mode === Mode.Mirrored) return isAhead(v) ? v.appended : v.stored
    if (v.mode < Mode.Alone) return v.committed
    // the partner may take itself for a mirror already
    if (v.mode === Mode.Joining && v.stored < v.durable) return v.stored
    return v.durable
}

/** Hosts may be told of writes that the partner does not have. */
function isAhead(v: Volume): boolean {
    return v.mode === Mode.Mirrored && v.mirroring === Mirroring.Async
}

/** Hosts see writes up to this one. */
export function readable(v: Volume): number {
    return isAhead(v) ? v.appended : v.committed
}

/** Acknowledged bytes that would be lost if this board died now. */
export function bytesBehind(v: Volume): number {
    let blocks = 0
    if (isAhead(v))
        for (let s = v.stored + 1; s <= v.appended; ++s)
            blocks += v.count[s & LOG_MASK]
    return blocks << 9
}

/** Writes up to this one survive the loss of all power. */
export function safe(v: Volume): number {
    if (!v.isSaved) return 0
    if (v.mode >= Mode.Joining && v.partnerDurable < v.durable)
        return v.partnerDurable
    return v.durable
}

/** Whether nothing is under way: both cards have all. */
export function isQuiet(v: Volume): boolean {
    if (v.durable !== v.appended) return false
    return !isSending(v) || v.partnerDurable === v.appended
}

/**
 * The log begins anew where it is empty: what comes next is the first that the
 * other board gets, or has sent.
 */
export function restartLog(v: Volume, seq: number) {
    v.appended = v.sent = v.stored = v.committed = v.durable = seq
    v.partnerDurable = v.syncWanted = seq
}
