/**
 * Compares the two copies of a mirrored volume, four blocks at a time, by
 * digests:
 *
 *     serves                          mirror
 *     reads 8 blocks
 *     VERIFY     ------------->       reads the same
 *                <-------------   VERIFIED   which halves of them differ
 *
 * The link keeps the order, so the mirror has all writes that the other one's
 * read has seen. It may have newer ones: what differs and was written to
 * meanwhile is compared again.
 *
 * An operator has it done at once. By itself it goes on for ever, a little at a
 * time: cards rot where nobody reads.
 */
import { digest } from "@devicescript/crypto"
import { event } from "../console/events"
import { DATA } from "../drivers/w5500"
import { isUnclaimed } from "../iscsi/share"
import { inLarge, out } from "../net/frames"
import { added, outLength } from "../net/out"
import { write } from "../store/log"
import { GROUP, giveRun, own, pool, takeRun } from "../store/pool"
import { queueRead, ReadJob, ReadState } from "../store/storage"
import { Mode, Volume, wasWritten } from "../store/volume"
import {
    DAMAGED,
    Frame,
    LINK_HEADER,
    VERIFY_SIZE,
    verifyCheck,
} from "../wire/link"
import { addFrame, makeRoom } from "./frames"
import { nameOf, tellSoon } from "./rejoin"

const BLOCK = 512
/** Blocks that are compared as one. */
const HALF = 4
/** Bytes of a digest that are compared. */
const SUM = 8
/** In place of a mask: the partner cannot read its copy. */
const UNREADABLE = 0x100
/** Lines for blocks that differ; there may be very many. */
const MAX_LINES = 8
/** Progress is told so often. */
const PARTS = 10
/** Between eight blocks and the next, when nobody waits: 32 MiB in 4.6 hours. */
const PATROL_MS = 2000

enum Step {
    Idle = 0,
    /** wants blocks of the pool */
    Waiting,
    Reading,
    /** the frame is to be sent */
    Untold,
    /** the partner has to answer */
    Asked,
    /** nobody wants it any more; the card still reads */
    Dropped,
}

interface Job extends ReadJob {
    step: Step
    /** of both halves: our own, or those that came */
    sums: Buffer
    mask: number
}

let volumes: Volume[]
/** what is compared from here, and for the partner */
let asking: Job
let answering: Job
/** the log's last committed entry when `asking` was read */
let since = 0
/** volumes that an operator wants compared; a bit each */
let wanted = 0
let differing = 0
/** what is compared is so because nobody wants it at once */
let isPatrol = false
/** the answer to what is asked is of no use any more */
let isVoid = false
let patrolAt = 0
/** where the patrol goes on in the volume of `asking` */
let reached = 0
/** How often a volume was compared from end to end, by its index. */
export const verified = [0, 0]
/** Places of four blocks that differed when it last was. */
export const different = [0, 0]
/** what is read is for the partner's card, which cannot read it */
let isMending = false
/** the blocks that were read are the log's now */
let isRunKept = false

export function startVerify(v: Volume[]) {
    volumes = v
    asking = makeJob(v[0])
    answering = makeJob(v[0])
}

function makeJob(volume: Volume): Job {
    return {
        volume,
        lba: 0,
        count: 0,
        run: -1,
        readState: ReadState.Idle,
        step: Step.Idle,
        sums: Buffer.alloc(VERIFY_SIZE),
        mask: 0,
    }
}

/** `stepVerify` is to be called now and then. */
export let isVerifying = false
/**
 * And in each round that may have moved something. Nobody hurries for what
 * only waits until hosts leave room.
 */
export let isVerifyBusy = false

/**
 * Compares all volumes that are mirrored from here.
 * @returns why not
 */
export async function verify(): Promise<string | undefined> {
    if (wanted > 0) return "it is under way"
    for (let i = 0; i < volumes.length; ++i)
        if (volumes[i].mode === Mode.Mirrored) wanted |= 1 << i
    if (wanted === 0) return "no volume is mirrored from here"
    isVerifying = true
    return undefined
}

/** Ends it. @returns why not */
export async function stopVerify(): Promise<string | undefined> {
    if (wanted === 0) return "none is under way"
    tell("stopped: an operator wants no more")
    wanted = 0
    if (!isPatrol) giveUp()
    return undefined
}

/** Blocks of the pool that are taken for that, for a moment. */
export function blocksCompared(): number {
    return (
        (isReading(asking) ? asking.count : 0) +
        (isReading(answering) ? answering.count : 0)
    )
}

function isReading(job: Job): boolean {
    return job.step === Step.Reading || job.step === Step.Dropped
}

/** Compares the next blocks, if it is time for that. Call every 100 ms. */
export function patrol(now: number) {
    if (now < patrolAt || wanted > 0 || asking.step > 0) return
    patrolAt = now + PATROL_MS
    const v = asking.volume
    const next = volumes[1 - v.index]
    const isOver = v.mode !== Mode.Mirrored || (reached === 0 && !isMending)
    if (isOver && next.mode === Mode.Mirrored) {
        asking.volume = next
        reached = 0
    } else if (v.mode !== Mode.Mirrored) return
    if (reached === 0) differing = 0
    isPatrol = isVerifying = true
    ask(reached)
}

/** Goes on. */
export function stepVerify() {
    if (asking.step === Step.Idle && wanted > 0) {
        asking.volume = volumes[wanted & 1 ? 0 : 1]
        differing = reached = 0
        isPatrol = isMending = false
        ask(0)
    }
    const isWanted = asking.step > 0 && !isVoid
    if (isWanted && asking.volume.mode !== Mode.Mirrored) stop()
    read(asking)
    read(answering)
    isVerifyBusy = wanted > 0 || blocksCompared() > 0
    isVerifying = isVerifyBusy || asking.step > 0 || answering.step > 0
}

/** Compares the blocks from here on. */
function ask(lba: number) {
    const count = asking.volume.blocks - lba
    asking.lba = lba
    asking.count = count < GROUP ? count : GROUP
    asking.step = Step.Waiting
    isVoid = false
}

/** Goes on there: at once, or when it is time for that. */
function goOn(lba: number) {
    const v = asking.volume
    if (lba >= v.blocks) end()
    else if (isPatrol) {
        reached = lba
        asking.step = Step.Idle
    } else {
        const part = Math.idiv(v.blocks, PARTS)
        if (lba > 0 && lba % part < GROUP)
            tell(`${Math.idiv(lba, part) * PARTS} %`)
        ask(lba)
    }
}

/** A volume has been compared. */
function end() {
    const v = asking.volume
    reached = 0
    asking.step = Step.Idle
    verified[v.index]++
    different[v.index] = differing
    if (!isPatrol) wanted &= ~(1 << v.index)
    else if (differing === 0) return
    tell(`${v.blocks} blocks, ${differing} places differ`)
}

function tell(what: string) {
    event(`verify of volume ${nameOf(asking.volume)}: ${what}`)
}

function places(lba: number, count: number): string {
    return `blocks ${lba} to ${lba + count - 1}`
}

/** Reads a job's blocks, when nobody else wants the room. */
function read(job: Job) {
    if (job.step === Step.Waiting && isUnclaimed()) {
        job.run = takeRun(own, job.count)
        if (job.run < 0) return
        if (job === asking) since = job.volume.committed
        job.step = Step.Reading
        queueRead(job)
        return
    }
    if (!isReading(job) || job.readState === ReadState.Queued) return
    const { run, count } = job
    isRunKept = false
    if (job.step === Step.Dropped) job.step = Step.Idle
    else if (job === asking) summed()
    else compared()
    if (!isRunKept) giveRun(own, run, count)
}

/**
 * The digest of one half. A buffer of its own would not fit into the heap of a
 * busy board: the one that data come in is free as long as nobody waits.
 */
function sumOf(job: Job, half: number): Buffer {
    const first = half * HALF
    const left = job.count - first
    const blocks = left < 0 ? 0 : left < HALF ? left : HALF
    inLarge.fillAt(0, inLarge.length, 0)
    if (blocks > 0) {
        const at = (job.run + first) * BLOCK
        inLarge.blitAt(0, pool, at, blocks * BLOCK)
    }
    return digest("sha256", inLarge)
}

function summed() {
    if (asking.readState === ReadState.Failed) {
        isMending = false
        tell(`${places(asking.lba, asking.count)} on neither card`)
        return goOn(asking.lba + asking.count)
    }
    if (isMending || asking.readState === ReadState.Fetched) return mend()
    asking.sums.blitAt(0, sumOf(asking, 0), 0, SUM)
    asking.sums.blitAt(SUM, sumOf(asking, 1), 0, SUM)
    asking.step = Step.Untold
    tellSoon()
}

/**
 * A card could not read its blocks: with the good copy, they are written anew.
 * That makes most cards put them elsewhere.
 */
function mend() {
    const { volume: v, lba, count } = asking
    const isOurs = !isMending
    isMending = false
    if (wasWritten(v, since, v.appended, lba, count)) return goOn(lba)
    write(v, lba, count, asking.run)
    isRunKept = true
    const where = isOurs ? "here" : "at the partner"
    tell(`${places(lba, count)} unreadable ${where}: written anew`)
    goOn(lba + count)
}

function compared() {
    const isRead = answering.readState === ReadState.Done
    answering.mask = isRead ? differs(0) | (differs(1) << 1) : UNREADABLE
    answering.step = Step.Untold
    tellSoon()
}

/** @returns 1 when a half is not as the partner has it */
function differs(half: number): number {
    const sum = sumOf(answering, half)
    const theirs = answering.sums
    const at = half * SUM
    return sum.getAt(0, "u32") === theirs.getAt(at, "u32") &&
        sum.getAt(4, "u32") === theirs.getAt(at + 4, "u32")
        ? 0
        : 1
}

/** Tells of the halves that are not equal, and goes on. */
function differ(mask: number) {
    for (let half = 0; half < 2; ++half) {
        if ((mask & (1 << half)) === 0) continue
        const first = asking.lba + half * HALF
        if (++differing <= MAX_LINES) tell(`${places(first, HALF)} differ`)
    }
    goOn(asking.lba + asking.count)
}

/** The link, or the mirror, is gone; or the volume was moved. */
function stop() {
    if (wanted > 0) tell("stopped: the partner was lost")
    wanted = 0
    isMending = false
    giveUp()
}

/** What was asked is answered first, or the next question came out of turn. */
function giveUp() {
    if (asking.step === Step.Asked) isVoid = true
    else drop(asking)
}

function drop(job: Job) {
    job.step = isReading(job) ? Step.Dropped : Step.Idle
}

/** What was asked on the link is not answered any more. */
export function forgetVerify() {
    stop()
    drop(asking)
    drop(answering)
}

/// Frames ///

/** Puts what is to be said into `out`. */
export async function sendVerify() {
    if (asking.step === Step.Untold) {
        await makeRoom(LINK_HEADER + VERIFY_SIZE)
        const index = asking.volume.index
        const check = verifyCheck(asking.sums, 0)
        addFrame(Frame.Verify, index, asking.lba, check, asking.count)
        out.blitAt(DATA + outLength, asking.sums, 0, VERIFY_SIZE)
        added(VERIFY_SIZE)
        asking.step = Step.Asked
    }
    if (answering.step === Step.Untold) {
        await makeRoom(LINK_HEADER)
        const index = answering.volume.index
        addFrame(Frame.Verified, index, answering.lba, answering.mask, 0)
        answering.step = Step.Idle
    }
}

/** @param check of the sums. @param at where they are */
export function takeVerify(
    v: Volume,
    lba: number,
    count: number,
    check: number,
    b: Buffer,
    at: number,
): string | undefined {
    if (count === 0 || count > GROUP || lba + count > v.blocks)
        return "verify out of range"
    // they would seem to differ
    if (verifyCheck(b, at) !== check) return DAMAGED
    if (answering.step > 0) return "verify out of turn"
    answering.volume = v
    answering.lba = lba
    answering.count = count
    answering.sums.blitAt(0, b, at, VERIFY_SIZE)
    answering.step = Step.Waiting
    isVerifying = true
    return undefined
}

export function takeVerified(v: Volume, lba: number, mask: number) {
    const isOurs = asking.step === Step.Asked && v === asking.volume
    if (!isOurs || lba !== asking.lba) return
    if (isVoid) asking.step = Step.Idle
    else if (mask === 0) goOn(lba + asking.count)
    else if (wasWritten(v, since, v.appended, lba, asking.count)) goOn(lba)
    else if (mask === UNREADABLE) {
        isMending = true
        goOn(lba)
    } else differ(mask)
}
