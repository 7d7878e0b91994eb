/**
 * A volume and its write log.
 *
 * The log is a ring of entries in order of their sequence numbers. What has
 * happened to an entry is told by counters alone, each the number of the last
 * entry it has happened to; they only grow, in this order:
 *
 *     appended ≥ sent ≥ committed ≥ durable        at the volume's home
 *     appended = committed ≥ durable               at its mirror
 *
 * Entries above `durable` are in the log: reads look at the committed ones
 * before they look at the card. An entry's blocks are free once it is durable.
 */
import { giveRun, own, OWN_BLOCKS, remote } from "./pool"

/**
 * Entries of a log's ring; an entry's place is the lowest bits of its number.
 * Each entry holds at least a block of this board's pool or of the partner's,
 * 40 together, so the ring is never full.
 */
const LOG_SIZE = 64
export const LOG_MASK = LOG_SIZE - 1

/** What becomes of writes to a volume at this board. */
export enum Mode {
    /** no service: it is not known yet whose copy is the newest */
    Waiting = 0,
    /** this board is the mirror: writes come over the link */
    Mirror,
    /** home of the volume: each write goes to the partner first */
    Mirrored,
    /** no partner: each write goes to the card first */
    Alone,
}

export interface Volume {
    /** 0: volume a, 1: volume b */
    index: number
    /** on the card */
    firstLba: number
    blocks: number
    mode: Mode
    epoch: number
    /** `VolumeFlag`s, as the superblock shall have them */
    flags: number
    /** the card's superblock says what `epoch` and `flags` say */
    isSaved: boolean
    /** the superblock that is being written says it */
    isInSector: boolean

    /// the log: ring of entries by sequence number ///
    lba: number[]
    /** blocks, 1 to 8 */
    count: Buffer
    /** first block in the pool */
    run: Buffer
    /** first block in the partner's pool, at the home */
    remoteRun: Buffer

    appended: number
    sent: number
    committed: number
    durable: number
    /** what the partner has on its card */
    partnerDurable: number
    /** last entry of a SYNC request that the partner has not answered */
    syncWanted: number
    /** the card has failed an entry: no more is written */
    hasFailed: boolean
}

export function makeVolume(index: number): Volume {
    const lba: number[] = []
    for (let i = 0; i < LOG_SIZE; ++i) lba.push(0)
    return {
        index,
        firstLba: 0,
        blocks: 0,
        mode: Mode.Waiting,
        epoch: 0,
        flags: 0,
        isSaved: false,
        isInSector: false,
        lba,
        count: Buffer.alloc(LOG_SIZE),
        run: Buffer.alloc(LOG_SIZE),
        remoteRun: Buffer.alloc(LOG_SIZE),
        appended: 0,
        sent: 0,
        committed: 0,
        durable: 0,
        partnerDurable: 0,
        syncWanted: 0,
        hasFailed: false,
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
    v.lba[i] = lba
    v.count[i] = count
    v.run[i] = run
    v.appended = seq
    if (v.mode !== Mode.Mirrored) v.committed = seq
    return seq
}

/** The card has all entries up to `seq`: their blocks are free. */
export function setDurable(v: Volume, seq: number) {
    for (let s = v.durable + 1; s <= seq; ++s) {
        const i = s & LOG_MASK
        // blocks of the partner's area are the partner's to give out
        if (v.run[i] < OWN_BLOCKS) giveRun(own, v.run[i], v.count[i])
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

/** Writes up to this one may be acknowledged to hosts. */
export function acknowledgeable(v: Volume): number {
    if (!v.isSaved) return 0
    return v.mode === Mode.Alone ? v.durable : v.committed
}

/** Writes up to this one survive the loss of all power. */
export function safe(v: Volume): number {
    if (!v.isSaved) return 0
    if (v.mode === Mode.Mirrored && v.partnerDurable < v.durable)
        return v.partnerDurable
    return v.durable
}

/** Whether nothing is under way: both cards are equal. */
export function isQuiet(v: Volume): boolean {
    if (v.durable !== v.appended) return false
    return v.mode !== Mode.Mirrored || v.partnerDurable === v.appended
}
