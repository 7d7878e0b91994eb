/**
 * A partner that was away comes back. The one that waits asks, the one that
 * serves brings it up to date, and gives its volume back:
 *
 *     waits                     serves
 *     WANT     ------------->            alone
 *     filling  <-------------   RESYNC   resyncing
 *              <-------------   WRITE…   what is marked, and what hosts write
 *              <-------------   JOIN     joining: nothing is missing
 *     JOINED   ------------->            mirrored
 *     mirrored <-------------   GIVE     mirror: the volume is at its home
 *
 * Each step is told in one frame; what the link loses ends the connection, and
 * both begin anew with what their cards say.
 */
import { event } from "../console/events"
import { baseOf, beginIntents, markAll, markEntries } from "../store/dirtymap"
import { freeArea, remote } from "../store/pool"
import { ownProgress } from "../store/progress"
import { cardHasFailed, wakeStorage } from "../store/storage"
import { wantBothCopies } from "../store/superblock"
import {
    isSending,
    isServed,
    Mirroring,
    Mode,
    restartLog,
    Volume,
} from "../store/volume"
import { VolumeFlag } from "../wire/card"
import { Frame, L_A, L_B, L_C, L_VOLUME, LINK_HEADER } from "../wire/link"
import { DISCARDED } from "./coldstart"
import { Partner } from "./detector"
import { forgetFetch, takeFetch } from "./fetch"
import { detector } from "./heartbeat"
import { forgetGiving, isAsked, takeGive, takeTake } from "./giving"
import { addFrame, makeRoom } from "./frames"
import { linkIsUp } from "./link"
import { restartMirror } from "./mirror"
import {
    blocksLeft,
    hasStopped,
    isCopying,
    startCopying,
    stepCopying,
    stopCopying,
    target,
} from "./resync"
import { forgetVerify, sendVerify, takeVerified, takeVerify } from "./verify"
import { tellSplit } from "./split"

/** A partner must be heard for so long, on both channels, before it is helped. */
const PROBATION_MS = 500
let volumes: Volume[]
let home: Volume
let foreign: Volume

/** What is to be told of each volume, and the frame's a and b. */
const due: Frame[] = [Frame.None, Frame.None]
const dueA = [0, 0]
const dueB = [0, 0]
/** the partner's own volume is wanted: an operator's word comes at any time, and
 * takes no other one's place */
let isTakeDue = false
/** `sendRejoin` has something to say. */
export let isRejoinUntold = false
/** Something is to be brought up to date, or given: `stepRejoin` and
 * `stepGiving` are to be called. Looked at now and then. */
export let isRejoining = false
/** What JOIN has said: the entry, and the epoch; 0: there was none. */
const joinSeq = [0, 0]
const joinEpoch = [0, 0]
/** the partner has been heard without a break since; 0: it is not */
export let aliveSince = 0
export function startRejoin(v: Volume[], index: number) {
    volumes = v
    home = v[index]
    foreign = v[1 - index]
}

export function nameOf(v: Volume): string {
    return v.index === 0 ? "a" : "b"
}

/**
 * Says a frame of this file, or of giving.ts, as soon as the link can. One that
 * has not gone yet is forgotten.
 */
export function tell(v: Volume, frame: Frame, a: number, b: number) {
    isRejoinUntold = true
    due[v.index] = frame
    dueA[v.index] = a
    dueB[v.index] = b
}

/** Puts what is due into `out`. In front of writes that come after it. */
export async function sendRejoin() {
    isRejoinUntold = false
    for (let i = 0; i < 2; ++i) {
        if (due[i] === Frame.None) continue
        const frame = due[i]
        due[i] = Frame.None
        await makeRoom(LINK_HEADER)
        addFrame(frame, i, dueA[i], dueB[i], 0)
    }
    if (isTakeDue) {
        isTakeDue = false
        await makeRoom(LINK_HEADER)
        addFrame(Frame.Take, foreign.index, 0, 0, 0)
    }
    await sendVerify()
}

/** Asks the partner for its own volume. */
export function tellTake() {
    isTakeDue = true
    tellSoon()
}

/** `sendRejoin` is to be called: there are frames of verify.ts. */
export function tellSoon() {
    isRejoinUntold = true
    ownProgress()
}

/** The link is gone, or new: what was said on it counts no more. */
export function forgetRejoin() {
    for (let i = 0; i < 2; ++i) {
        due[i] = Frame.None
        joinSeq[i] = joinEpoch[i] = 0
    }
    isTakeDue = false
    stopCopying()
    forgetGiving()
    forgetFetch()
    forgetVerify()
}

/// The board that waits ///

/** Asks for what is missing here. Call every 100 ms. */
function ask(now: number) {
    const isAlive = linkIsUp() && detector.partner === Partner.Alive
    if (!isAlive) aliveSince = 0
    else if (aliveSince === 0) aliveSince = now
    if (!isAlive || now - aliveSince < PROBATION_MS || cardHasFailed()) return
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        // places of the pool that are still in use are not to be given anew
        if (v.mode < Mode.Alone && v.durable !== v.appended) return
    }
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        if (v === foreign && v.mirroring === Mirroring.None) continue
        if (v.mode === Mode.Waiting && v.isSaved && due[i] === Frame.None)
            tell(v, Frame.Want, v.epoch, v.flags)
    }
}

function takeResync(v: Volume, seq: number): string | undefined {
    if (v.mode !== Mode.Waiting || v.durable !== v.appended)
        return "resync of a volume that was not asked for"
    restartLog(v, seq)
    restartMirror(v, seq)
    v.mode = Mode.Filling
    isRejoining = true
    // neither old nor new from now on
    v.flags |= VolumeFlag.Outdated
    wantBothCopies(v)
    wakeStorage()
    joinSeq[v.index] = joinEpoch[v.index] = 0
    event(`volume ${nameOf(v)} is brought up to date`)
    return undefined
}

function takeJoin(v: Volume, seq: number, epoch: number): string | undefined {
    if (v.mode !== Mode.Filling || seq > v.appended)
        return "join of a volume that is not filled"
    joinSeq[v.index] = seq
    joinEpoch[v.index] = epoch
    return undefined
}

/** When all is on the card, the card says that it is. Then it is a mirror. */
function stepJoin(v: Volume) {
    const i = v.index
    if (joinEpoch[i] === 0 || v.durable < joinSeq[i]) return
    if (v.epoch !== joinEpoch[i] || (v.flags & ~VolumeFlag.Active) !== 0) {
        v.epoch = joinEpoch[i]
        v.flags &= VolumeFlag.Active
        wantBothCopies(v)
        wakeStorage()
    }
    if (!v.isSaved) return
    joinEpoch[i] = 0
    v.mode = Mode.Mirror
    tell(v, Frame.Joined, v.epoch, 0)
    event(`volume ${nameOf(v)} is a mirror epoch=${v.epoch}`)
}

/// The board that serves ///

/**
 * Whether the partner's copy has writes that this one has not: it went on alone
 * in an epoch that we did not see the end of.
 */
function isSplit(v: Volume, epoch: number, flags: number): boolean {
    if (epoch > v.epoch) return true
    return (flags & VolumeFlag.Alone) !== 0 && epoch > baseOf(v)
}

function takeWant(v: Volume, epoch: number, flags: number) {
    if (v.mode !== Mode.Alone || !v.isSaved || target) return
    if (v === home && v.mirroring === Mirroring.None) return
    // the partner's own volume first: it is to be given back
    if (v === home && foreign.mode === Mode.Alone) return
    const isFresh = (flags & VolumeFlag.Fresh) !== 0
    if (!isFresh && isSplit(v, epoch, flags)) {
        tellSplit(v)
        return
    }
    // all that was ever written is marked when it began with a new card (0)
    const base = isFresh ? 0 : epoch
    if (epoch === DISCARDED || base !== baseOf(v)) markAll(v)
    // what is in the log is not sent, but copied
    else markEntries(v, v.durable + 1, v.appended)
    const seq = v.appended
    let isAnySending = false
    for (let i = 0; i < volumes.length; ++i)
        if (isSending(volumes[i])) isAnySending = true
    if (!isAnySending) freeArea(remote)
    v.mode = Mode.Resyncing
    isRejoining = true
    v.sent = v.stored = v.partnerDurable = seq
    if (v.syncWanted > seq) v.syncWanted = seq
    restartMirror(v, seq)
    startCopying(v)
    tell(v, Frame.Resync, seq, v.epoch)
    wakeStorage()
    event(`volume ${nameOf(v)} resyncing blocks=${blocksLeft()}`)
}

/** Copies what is marked. Call in each round that may have moved something. */
export function stepRejoin() {
    for (let i = 0; i < volumes.length; ++i)
        if (volumes[i].mode === Mode.Filling) stepJoin(volumes[i])
    const v = target
    const isDone = stepCopying()
    if (!v) return
    if (hasStopped) {
        event(`volume ${nameOf(v)}: resync stopped: our card cannot be read`)
        stopCopying()
        return
    }
    // RESYNC must have gone: there may have been nothing to copy
    if (!isDone || v.sent < v.appended || due[v.index] !== Frame.None) return
    v.mode = Mode.Joining
    stopCopying()
    tell(v, Frame.Join, v.appended, v.epoch)
}

function takeJoined(v: Volume, epoch: number): string | undefined {
    if (v.mode !== Mode.Joining || epoch !== v.epoch)
        return "joined what was not offered"
    v.mode = Mode.Mirrored
    v.flags &= ~(VolumeFlag.Alone | VolumeFlag.Fresh)
    wantBothCopies(v)
    beginIntents(v)
    wakeStorage()
    event(`volume ${nameOf(v)} mirrored again epoch=${v.epoch}`)
    return undefined
}

/// Frames ///

/** Call every 100 ms. */
export function tickRejoin(now: number) {
    isRejoining =
        isCopying() ||
        isServed(foreign) ||
        isAsked ||
        home.mode === Mode.Filling ||
        foreign.mode === Mode.Filling
    ask(now)
}

/** A frame of this file has come. @returns what is wrong with it */
export function takeRejoin(
    type: Frame,
    b: Buffer,
    at: number,
): string | undefined {
    if (b[at + L_VOLUME] > 1) return "of a volume that is not there"
    const v = volumes[b[at + L_VOLUME]]
    const a = b.getAt(at + L_A, "u32")
    const c = b.getAt(at + L_B, "u32")
    switch (type) {
        case Frame.Want:
            takeWant(v, a, c)
            return undefined
        case Frame.Resync:
            return takeResync(v, a)
        case Frame.Join:
            return takeJoin(v, a, c)
        case Frame.Joined:
            return takeJoined(v, a)
        case Frame.Take:
            return takeTake(v)
        case Frame.Verify:
            return takeVerify(v, a, b[at + L_C], c, b, at + LINK_HEADER)
        case Frame.Verified:
            takeVerified(v, a, c)
            return undefined
        case Frame.Fetch:
            return takeFetch(v, a, b[at + L_C])
        default:
            return takeGive(v, a, c)
    }
}

/** What the loss of the partner does to a volume that is being filled. */
export function endFilling() {
    for (let i = 0; i < volumes.length; ++i)
        if (volumes[i].mode === Mode.Filling) volumes[i].mode = Mode.Waiting
}

/** What it does to one that is being resynced: it is alone as it was. */
export function endResync(v: Volume) {
    stopCopying()
    v.mode = Mode.Alone
    v.sent = v.committed = v.appended
    wakeStorage()
}
