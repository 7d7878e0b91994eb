/**
 * Blocks that this board's card cannot read come from the partner's copy:
 *
 *     serves                          mirror
 *     cannot read 8 blocks
 *     FETCH      ------------->       reads the same
 *                <-------------   FETCHED   with the data, or without: it
 *                                           cannot read them either
 *
 * The link keeps the order, so the mirror has every write that was acknowledged
 * before. What is in our log is newer than that, and is put over it.
 */
import { event } from "../console/events"
import { leaveCopyQueue, takeForCopy } from "../iscsi/share"
import { giveRun, own } from "../store/pool"
import { ownProgress } from "../store/progress"
import {
    overlay,
    queueRead,
    ReadJob,
    ReadState,
    unreadable,
} from "../store/storage"
import { Mode, Volume, wasWritten } from "../store/volume"
import {
    Frame,
    L_A,
    L_C,
    L_VOLUME,
    LINK_HEADER,
    TRAILER_MAGIC,
} from "../wire/link"
import { addFrame, addBlocks, frameBlocks, hasRoom, makeRoom } from "./frames"
import { wantRoom } from "./link"
import { isCopying } from "./resync"

enum Step {
    Idle = 0,
    /** wants blocks of the pool */
    Waiting,
    Reading,
    /** the frame is to be sent */
    Untold,
    /** nobody wants it any more; the card still reads */
    Dropped,
}

/** what the partner is asked for */
let asked: ReadJob | undefined
/** so many of its blocks have come: one frame may not take all */
let fetched = 0
/** the last entry that our card had when the first of them was asked for */
let askedSince = 0
let isUntold = false
/** what it asks for */
let answer: ReadJob
let step = Step.Idle
/** `sendFetch` has something to say. */
export let isFetchUntold = false

export function startFetch(v: Volume[]) {
    answer = {
        volume: v[0],
        lba: 0,
        count: 0,
        run: 0,
        readState: ReadState.Idle,
    }
}

/** Whether `stepFetch` has anything to do. */
export function isFetching(): boolean {
    return unreadable.length > 0 || asked !== undefined || step > 0
}

/** Goes on. Call every 20 ms. */
export function stepFetch() {
    if (asked && asked.volume.mode !== Mode.Mirrored) endAsked(ReadState.Failed)
    if (!asked && unreadable.length > 0) ask(unreadable.shift() as ReadJob)
    if (step === Step.Waiting) startReading()
    else if (answer.readState !== ReadState.Queued) {
        if (step === Step.Reading) {
            step = Step.Untold
            tellSoon()
        } else if (step === Step.Dropped) {
            giveRun(own, answer.run, answer.count)
            step = Step.Idle
        }
    }
}

function tellSoon() {
    isFetchUntold = true
    ownProgress()
}

/** The link is gone: what was asked for on it is not answered any more. */
export function forgetFetch() {
    isUntold = isFetchUntold = false
    if (asked) endAsked(ReadState.Failed)
    while (unreadable.length > 0) {
        asked = unreadable.shift() as ReadJob
        endAsked(ReadState.Failed)
    }
    if (step === Step.Reading) step = Step.Dropped
    else if (step !== Step.Dropped) {
        if (step === Step.Untold) giveRun(own, answer.run, answer.count)
        step = Step.Idle
    }
    if (!isCopying()) leaveCopyQueue()
}

/// Asking ///

function ask(job: ReadJob) {
    asked = job
    fetched = 0
    askedSince = job.volume.durable
    isUntold = true
    tellSoon()
}

/** Blocks that are asked for next, or now. */
function nextCount(job: ReadJob): number {
    const left = job.count - fetched
    return left < frameBlocks() ? left : frameBlocks()
}

function endAsked(state: ReadState) {
    if (asked) asked.readState = state
    asked = undefined
    ownProgress()
}

/**
 * Looks at a FETCHED's header.
 * @returns where its data go, in the pool's bytes; -1: nowhere
 */
export function fetchedPlace(b: Buffer, at: number): number {
    const isOurs =
        asked !== undefined &&
        b[at + L_VOLUME] === asked.volume.index &&
        b.getAt(at + L_A, "u32") === asked.lba + fetched &&
        b[at + L_C] === nextCount(asked)
    return asked && isOurs ? (asked.run + fetched) << 9 : -1
}

/** A FETCHED has come to its trailer. @param place `fetchedPlace` of it */
export function endFetched(
    b: Buffer,
    at: number,
    place: number,
): string | undefined {
    if (b.getAt(at + 4, "u32") !== TRAILER_MAGIC)
        return "fetched without its trailer"
    const job = asked
    if (!job) return undefined
    if (place >= 0 && b.getAt(at, "u32") !== job.lba + fetched)
        return "fetched without its trailer"
    const v = job.volume
    if (place < 0) {
        event(`blocks from ${job.lba} on cannot be read on either card`)
        endAsked(ReadState.Failed)
        return undefined
    }
    fetched += nextCount(job)
    if (fetched < job.count) {
        isUntold = true
        tellSoon()
    } else if (wasWritten(v, askedSince, v.durable, job.lba, job.count)) {
        // it left our log meanwhile, and may not have been in the partner's
        ask(job)
    } else {
        overlay(job)
        endAsked(ReadState.Fetched)
    }
    return undefined
}

/// Answering ///

/** @returns what is wrong with a FETCH */
export function takeFetch(
    v: Volume,
    lba: number,
    count: number,
): string | undefined {
    if (count === 0 || count > frameBlocks() || lba + count > v.blocks)
        return "fetch out of range"
    if (step > 0) return "fetch out of turn"
    answer.volume = v
    answer.lba = lba
    answer.count = count
    answer.readState = ReadState.Idle
    step = Step.Waiting
    return undefined
}

function startReading() {
    answer.run = takeForCopy(answer.count)
    if (answer.run < 0) return
    step = Step.Reading
    queueRead(answer)
}

/// Sending ///

/** Puts what is to be said into `out`. */
export async function sendFetch() {
    isFetchUntold = false
    if (isUntold && asked) {
        isUntold = false
        await makeRoom(LINK_HEADER)
        const { volume, lba } = asked
        addFrame(Frame.Fetch, volume.index, lba + fetched, 0, nextCount(asked))
    }
    if (step === Step.Untold) await sendAnswer()
}

async function sendAnswer() {
    // not of a volume that was given to this board a moment ago
    const isRead =
        answer.readState === ReadState.Done &&
        answer.volume.mode === Mode.Mirror
    const blocks = isRead ? answer.count : 0
    if (!hasRoom(blocks)) {
        isFetchUntold = true
        wantRoom()
        return
    }
    step = Step.Idle
    await makeRoom(LINK_HEADER)
    const { lba, run, count } = answer
    addFrame(Frame.Fetched, answer.volume.index, lba, 0, blocks)
    await addBlocks(run, blocks, lba)
    giveRun(own, run, count)
}
