/**
 * Bringing the partner's copy of a volume up to date: what the dirty map has
 * marked is read from our card, in order of its blocks, and goes to the partner
 * through the volume's log, as writes do. So a copy and the writes of hosts can
 * never overtake each other.
 */
import * as ds from "@devicescript/core"
import {
    copyHadToWait,
    leaveCopyQueue,
    servedBeside,
    takeForCopy,
} from "../iscsi/share"
import { dirtyExtents, extentsOf, extentSize, marksAt } from "../store/dirtymap"
import { GROUP, giveRun, own } from "../store/pool"
import { queueRead, ReadJob, ReadState } from "../store/storage"
import { append, markCopy, Mode, Volume, wasWritten } from "../store/volume"

/** The volume that is being resynced. */
export let target: Volume | undefined
/** where we are: an extent, and the next block to read */
let extent = 0
let nextLba = 0
let endLba = 0
/** the read that is under way, and what the log had when it was asked for */
let job: ReadJob
let isReading = false
/** nobody has stopped the copying since it was begun */
let isWanted = false
let readSince = 0
/** when the run was taken that is being read; and until when none is */
let startedAt = 0
let restUntil = 0
/** the card could not be read */
export let hasStopped = false

/**
 * Begins with all that the volume's dirty map has marked. What hosts mark
 * meanwhile is copied, too, if it is not behind us: that does no harm.
 */
export function startCopying(v: Volume) {
    target = v
    extent = -1
    nextLba = endLba = 0
    hasStopped = false
}

/** The partner is gone, or up to date. `stepCopying` ends what is being read. */
export function stopCopying() {
    target = undefined
    isWanted = false
    hasStopped = false
    leaveCopyQueue()
}

/** Whether `stepCopying` has to be called. */
export function isCopying(): boolean {
    return target !== undefined || isReading
}

/** @returns blocks that are still to be copied, at most */
export function blocksLeft(): number {
    return target ? dirtyExtents[target.index] * extentSize(target) : 0
}

/** Goes on. @returns whether all has been copied */
export function stepCopying(): boolean {
    if (isReading && !endRead()) return false
    const v = target
    if (!v || hasStopped) return false
    if (nextLba >= endLba && !nextExtent(v)) return true
    startReading(v)
    return false
}

/** Finds the next extent that is marked. @returns false: there is none */
function nextExtent(v: Volume): boolean {
    const extents = extentsOf(v)
    while (++extent < extents) {
        const byte = marksAt(v, extent)
        // eight that are clean at once
        if (byte === 0) extent |= 7
        else if ((byte & (1 << (extent & 7))) !== 0) {
            const size = extentSize(v)
            nextLba = extent * size
            endLba = nextLba + size
            if (endLba > v.blocks) endLba = v.blocks
            return true
        }
    }
    extent = extents
    return false
}

/**
 * Reads the next blocks, if hosts do not need the room. Those that ask for one
 * thing after the other never do; but beside them each copy is followed by as
 * long a rest, so that they have half of the board.
 */
function startReading(v: Volume) {
    const now = ds.millis()
    if (now < restUntil) return
    let count = endLba - nextLba
    if (count > GROUP) count = GROUP
    const run = takeForCopy(count)
    if (run < 0) return
    startedAt = now
    if (!job)
        job = { volume: v, lba: 0, count: 0, run: 0, readState: ReadState.Idle }
    job.volume = v
    job.lba = nextLba
    job.count = count
    job.run = run
    readAgain()
    isReading = isWanted = true
}

/** What is committed now is seen by the read; what comes later may not be. */
function readAgain() {
    readSince = job.volume.committed
    queueRead(job)
}

/** @returns whether the read is over */
function endRead(): boolean {
    const v = job.volume
    if (job.readState === ReadState.Queued) return false
    if (!isWanted || v.mode !== Mode.Resyncing) {
        giveRun(own, job.run, job.count)
        isReading = false
        return true
    }
    if (job.readState === ReadState.Failed) {
        giveRun(own, job.run, job.count)
        isReading = false
        hasStopped = true
        return true
    }
    // a host has written meanwhile to what was read
    if (wasWritten(v, readSince, v.appended, job.lba, job.count)) {
        readAgain()
        return false
    }
    append(v, job.lba, job.count, job.run)
    markCopy(v)
    if (servedBeside && !copyHadToWait) {
        const now = ds.millis()
        restUntil = now + now - startedAt
    }
    nextLba = job.lba + job.count
    isReading = false
    return true
}
