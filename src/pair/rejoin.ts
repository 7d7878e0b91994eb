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
import { Port, SOCKETS } from "../iscsi/port"
import {
    baseOf,
    beginIntents,
    endIntents,
    isMapSaved,
    markAll,
    markEntries,
} from "../store/dirtymap"
import { flush } from "../store/log"
import { freeArea, remote } from "../store/pool"
import { cardHasFailed, wakeStorage } from "../store/storage"
import { wantBothCopies } from "../store/superblock"
import {
    isQuiet,
    isSending,
    isServed,
    Mode,
    restartLog,
    Volume,
} from "../store/volume"
import { VolumeFlag } from "../wire/card"
import { Frame, L_A, L_B, L_VOLUME, LINK_HEADER } from "../wire/link"
import { Sense } from "../wire/scsi"
import { Partner } from "./detector"
import { detector } from "./heartbeat"
import { untoldHosts } from "./hosts"
import { addFrame, linkIsUp, makeRoom } from "./link"
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
import { isLosing } from "./pair"
import { serve, withdraw } from "./ports"
import { DISCARDED, tellSplit } from "./split"

/** A partner must be heard for so long, on both channels, before it is helped. */
const PROBATION_MS = 500
/**
 * Commands that run are waited for so long before a volume is given. They end
 * as soon as they would anyway: on a saturated board, in some 2 s.
 */
const HOLD_MS = 3000
/** If they do not end, hosts are let go on, and it is tried again later. */
const HOLD_AGAIN_MS = 10000

let volumes: Volume[]
let home: Volume
let foreign: Volume
let ports: Port[]

/** What is to be told of each volume, and the frame's a and b. */
const due: Frame[] = [Frame.None, Frame.None]
const dueA = [0, 0]
const dueB = [0, 0]
/** `sendRejoin` has something to say. */
export let isRejoinUntold = false
/** Something is to be brought up to date, or given: `stepRejoin` and
 * `stepGiving` are to be called. Looked at now and then. */
export let isRejoining = false
/** What JOIN has said: the entry, and the epoch; 0: there was none. */
const joinSeq = [0, 0]
const joinEpoch = [0, 0]
/** the partner has been heard without a break since; 0: it is not */
let aliveSince = 0
/** the volume that is to be given: its commands are held, since then */
let gift: Volume | undefined
let heldAt = 0
let notBefore = 0
/** the partner wants to serve our own volume, too */
let isAsked = false
/** we keep the partner's volume until an operator wants it given back */
let isKept = false
/** A volume was given to us: its port is to be brought up. */
export let got: Volume | undefined

export function startRejoin(v: Volume[], index: number, p: Port[]) {
    volumes = v
    home = v[index]
    foreign = v[1 - index]
    ports = p
}

function nameOf(v: Volume): string {
    return v.index === 0 ? "a" : "b"
}

function tell(v: Volume, frame: Frame, a: number, b: number) {
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
}

/** The link is gone, or new: what was said on it counts no more. */
export function forgetRejoin() {
    for (let i = 0; i < 2; ++i) {
        due[i] = Frame.None
        joinSeq[i] = joinEpoch[i] = 0
    }
    stopCopying()
    isAsked = false
    release()
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

function takeGive(v: Volume, seq: number, epoch: number): string | undefined {
    if (v.mode !== Mode.Mirror) return "given what is not mirrored here"
    if (v.appended !== seq || v.epoch !== epoch)
        return "given what we do not have"
    v.mode = Mode.Mirrored
    v.sent = v.stored = v.partnerDurable = seq
    restartMirror(v, seq)
    beginIntents(v)
    wakeStorage()
    got = v
    event(`volume ${nameOf(v)} ${v === home ? "is home again" : "taken"}`)
    return undefined
}

/** The port is being brought up. */
export function gotIt() {
    got = undefined
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
    if (!isDone || v.sent < v.appended) return
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

/// Giving ///

function portOf(v: Volume): Port {
    return ports[v === home ? 0 : 1]
}

/** What the partner is to get: its own volume, or ours when it has asked. */
function nextGift(): Volume | undefined {
    if (foreign.mode === Mode.Mirrored && !isKept) return foreign
    return isAsked && home.mode === Mode.Mirrored ? home : undefined
}

/** Commands of the volume that was to be given go on. */
function release() {
    const v = gift
    if (!v) return
    gift = undefined
    const port = portOf(v)
    port.isHeld = false
    // what came meanwhile raises no interrupt any more
    port.again = (1 << SOCKETS) - 1
    if (v.mode === Mode.Mirrored) beginIntents(v)
}

/** Whether no command is under way, and hosts are known over there. */
function isAtRest(v: Volume): boolean {
    if (!isQuiet(v) || !v.isSaved || !isMapSaved(v)) return false
    if (untoldHosts > 0) return false
    const conns = portOf(v).conns
    for (let i = 0; i < conns.length; ++i)
        if (conns[i].taskCount > 0) return false
    return true
}

/**
 * Gives a volume to the partner when it is whole over there. Call every 20 ms.
 * @returns whether it was done
 */
export async function stepGiving(now: number): Promise<boolean> {
    const v = nextGift()
    if (gift !== v) release()
    if (!v || aliveSince === 0 || isLosing() || now < notBefore) {
        release()
        return false
    }
    const port = portOf(v)
    if (!port.isActive) return false
    if (!gift) {
        gift = v
        heldAt = now
        port.isHeld = true
        endIntents(v)
        wakeStorage()
    }
    if (!isAtRest(v)) {
        // a link that is busy with the other volume tells it only if asked
        flush(v)
        if (now - heldAt < HOLD_MS) return false
        release()
        notBefore = now + HOLD_AGAIN_MS
        return false
    }
    await withdraw(port, "given away")
    if (isLosing() || !gift) {
        // while the port was withdrawn, the partner was lost, or the link
        release()
        await serve(port, Sense.PowerOn)
        return true
    }
    v.mode = Mode.Mirror
    release()
    if (v === home) isAsked = false
    restartMirror(v, v.appended)
    tell(v, Frame.Give, v.appended, v.epoch)
    event(`volume ${nameOf(v)} given ${v === home ? "away" : "back"}`)
    return true
}

/// The operator's word ///

/**
 * Serves the partner's volume, too, until it is to be given back.
 * @returns why not
 */
export async function takeVolume(): Promise<string | undefined> {
    if (isServed(foreign)) return "it serves both volumes"
    if (foreign.mode !== Mode.Mirror || !linkIsUp())
        return "the partner's volume is not mirrored here"
    isKept = true
    tell(foreign, Frame.Take, 0, 0)
    return undefined
}

/** Gives the partner's volume back as soon as it is whole over there. */
export async function giveBack(): Promise<string | undefined> {
    // what was asked for and has not come yet goes back at once
    if (!isServed(foreign) && !isKept)
        return "it does not serve the partner's volume"
    isKept = false
    return undefined
}

function takeTake(v: Volume): string | undefined {
    if (v !== home) return "take of another volume"
    isAsked = true
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
