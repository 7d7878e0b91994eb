/**
 * The link to the partner: one TCP connection over the crossover cable, or over
 * the LAN while that is broken. Here it is made, watched and ended; frames.ts
 * puts frames on it and cuts them out of it.
 */
import * as ds from "@devicescript/core"
import { event } from "../console/events"
import { Pin } from "../board/board"
import {
    close,
    connect,
    listen,
    PHYCFGR,
    PHYCFGR_LNK,
    PHYCFGR_RST,
    poll,
    SOCK_CLOSE_WAIT,
    SOCK_CLOSED,
    SOCK_ESTABLISHED,
    SOCK_LISTEN,
    SOCK_SYNRECV,
    Socket,
} from "../drivers/w5500"
import { Chip, makeChip, readCommon, resetChip } from "../drivers/w5500chip"
import { guestHasNews, takeGuestNews } from "../iscsi/portal"
import { added, dropOut, flushOut, outLength, roomIn } from "../net/out"
import { LINK_HEADER, linkIp } from "../wire/link"
import { RECORD_HEAD } from "../wire/record"
import { isWell } from "./chips"
import { heardLink, setPath } from "./detector"
import { failure, need, receive, startFrames } from "./frames"
import { detector } from "./heartbeat"
import {
    closeLan,
    hasLanPath,
    hasRecordRoom,
    lanFailure,
    lanSocket,
    meetOverLan,
    receiveRecords,
    sendRecord,
} from "./lan"
import { takeBeats } from "./lanbeat"
import { linkUp } from "./meeting"
import { forgetParts, sendFrames } from "./mirror"
import { addPing, startPings } from "./ping"
import { isDecided, linkDown } from "./pair"

/**
 * Buffers of the link chip's sockets in KiB: all for the one that is used. It
 * holds what the partner has room for, two writes of eight blocks, twice.
 */
const LINK_KB = [16]
const LINK_PORT = 3261
/** Retransmission on a cable of two metres: 20, 40, 80 ms. */
const LINK_RETRY_MS = 20
const LINK_RETRIES = 3
/** Between attempts to connect. */
const RECONNECT_MS = 100
/** A socket that is in no state to come up by then is closed. */
const STUCK_MS = 1000
/** Without the cable for so long, the partner is looked for on the LAN. */
const LAN_AFTER_MS = 500
/** So long the cable must connect again before it is trusted. */
const CABLE_PROBATION_MS = 1000
/** Between looks at it. */
const CABLE_LOOK_MS = 50
/** Ticks of 10 ms without anything sent after which a ping is. */
const PING_TICKS = 3
/**
 * Without a ping for so many, one goes with what else is sent: it asks, and is
 * answered by one. Over the LAN each record does that.
 */
const ASK_TICKS = 6
/** Without a frame for so many, the connection is looked at unasked. */
const QUIET_TICKS = 10
/**
 * Without one for so many, it is ended. TCP does that sooner, unless a register
 * that says when was wrong as the connection was made.
 */
const SILENT_TICKS = 200
/** Why it is ended then */
const SILENCE = "silence"

let chip: Chip
let cable: Socket
/** the one that frames go through: the cable's, or that on the LAN */
let s: Socket
let index = 0
/** The chip's interrupt is cleared, and what it was about not yet known. */
export let isLooking = false
let isUp = false
/** it is up over the LAN */
let isLan = false
/** since when it is down, and is wanted */
let downAt = 0
/** since when the cable has connected while the LAN was used; 0: it has not */
let cableSince = 0
let lookedAt = 0
let triedAt = 0
let isPingDue = false
let isCheckDue = true
let sentTicks = 0
let askTicks = 0
let quietTicks = 0
/** bytes that had come before, and wait for the rest of their frame */
let unread = 0
/** the chip's interrupt line */
export let linkInt: Pin
/** it is time for `serveLink`, though the chip may have no news */
export let linkIsDue = true
/** no connection is wanted: the partner is lost, and has to be told so */
let isShut = false

export function makeLink(cs: Pin): Chip {
    return makeChip("link", cs, LINK_KB, LINK_RETRY_MS, LINK_RETRIES)
}

export function startLink(c: Chip, interrupt: Pin, boardIndex: number) {
    chip = c
    s = cable = chip.sockets[0]
    linkInt = interrupt
    index = boardIndex
}

export function linkIsUp(): boolean {
    return isUp
}

/** Whether it is up over the LAN, and the cable is broken. */
export function linkIsOnLan(): boolean {
    return isLan
}

/** Whether frames go over the cable, or may soon again: the LAN is not needed. */
export function cableIsLinks(): boolean {
    return isUp ? !isLan : ds.millis() - downAt < LAN_AFTER_MS
}

/**
 * Whether the partner's link chip may be awake. A chip that does not answer
 * reads 0x00 or 0xff: that is no proof of anything.
 */
export async function hasCarrier(): Promise<boolean> {
    const phy = (await readCommon(chip, PHYCFGR, 1))[0]
    return (phy & (PHYCFGR_RST | PHYCFGR_LNK)) !== PHYCFGR_RST
}

/** Sends nothing any more: the partner shall see silence. */
export function shutLink() {
    isShut = true
}

/** Connects again: a partner that comes back must hear how things stand. */
export function openLink() {
    isShut = false
    downAt = ds.millis()
}

/**
 * Goes round the link once: when it is due, its chip has news, or a log may
 * have moved on.
 * @param hasNews the cable's chip has
 * @returns whether there was work
 */
export async function serveLink(hasNews: boolean): Promise<boolean> {
    linkIsDue = false
    const lanHasNews = guestHasNews
    if (lanHasNews) {
        takeGuestNews()
        if (!isLan) await takeBeats()
    }
    if (isShut) {
        const isOpen = cable.sr !== SOCK_CLOSED || lanSocket().port !== 0
        if (isUp || isOpen) await hangUp()
        return false
    }
    if (isLan) return await serveLan(hasNews, lanHasNews)
    let worked = false
    if (hasNews || isCheckDue || lanHasNews) {
        isCheckDue = false
        isLooking = true
        await poll(s)
        // noise on the bus must not end mirroring: a second look
        if (isUp && s.sr !== SOCK_ESTABLISHED) await poll(s)
        isLooking = false
        if (s.sr !== SOCK_ESTABLISHED) {
            await reconnect()
            await tryLan()
            return false
        }
        if (!isUp) await begin(false)
        // also of a frame that comes in pieces: a busy partner takes its time
        if (s.rxSize > unread) heardLink(detector, ds.millis())
        if (s.rxSize >= need) {
            // to read all that has come may take 20 ms
            if (isPingDue) await send()
            quietTicks = 0
            worked = await receive()
            if (failure !== undefined) {
                await dropLink(failure)
                return true
            }
        } else if (quietTicks > SILENT_TICKS) {
            await dropLink(SILENCE)
            return true
        }
        unread = s.rxSize
    }
    if (!isUp) return worked
    await send()
    return worked
}

async function begin(overLan: boolean) {
    if (!overLan) await closeLan()
    isUp = true
    isLan = overLan
    unread = quietTicks = 0
    cableSince = 0
    s = overLan ? lanSocket() : cable
    startFrames(s, overLan)
    startPings()
    forgetParts()
    setPath(detector, overLan)
    if (overLan) {
        event("the link goes over the LAN")
        added(RECORD_HEAD)
    }
    linkUp()
}

async function send() {
    if (isLan) {
        // a record is written whole
        if (!hasRecordRoom()) {
            wantRoom()
            return
        }
        if (outLength === 0) added(RECORD_HEAD)
    }
    await sendFrames(isPingDue)
    if (outLength === (isLan ? RECORD_HEAD : 0)) {
        if (!isPingDue) {
            dropOut()
            return
        }
        ping()
    } else if (askTicks >= ASK_TICKS && !isLan && roomIn(s) >= LINK_HEADER)
        ping()
    isPingDue = false
    sentTicks = 0
    if (isLan) await sendRecord()
    else await flushOut(s)
}

function ping() {
    askTicks = 0
    addPing()
}

/// The LAN ///

/** The cable does not connect: the partner may be found on the LAN. */
async function tryLan() {
    if (isUp || ds.millis() - downAt < LAN_AFTER_MS) return
    if (!isDecided || !hasLanPath()) return
    if (!(await meetOverLan())) return
    await begin(true)
    await send()
    // more may have come already, and no interrupt tells of it any more
    wantRoom()
}

/** As `serveLink`, while frames go over the LAN. */
async function serveLan(
    cableHasNews: boolean,
    hasNews: boolean,
): Promise<boolean> {
    if (await isCableBack(cableHasNews)) {
        await hangUp()
        await begin(false)
        await send()
        return true
    }
    let worked = false
    if (hasNews || isCheckDue) {
        isCheckDue = false
        await poll(s)
        if (s.sr !== SOCK_ESTABLISHED) await poll(s)
        if (s.sr !== SOCK_ESTABLISHED) {
            await hangUp()
            return false
        }
        worked = await receiveRecords()
        if (lanFailure !== undefined) {
            await dropLink(lanFailure)
            return true
        }
        if (worked) {
            quietTicks = 0
            // the partner counts from what it knows that we have
            if (sentTicks > 0) isPingDue = true
        } else if (quietTicks > SILENT_TICKS) {
            await dropLink(SILENCE)
            return true
        }
    }
    await send()
    return worked
}

/** Whether the cable has connected for long enough, or the partner uses it. */
async function isCableBack(hasNews: boolean): Promise<boolean> {
    const now = ds.millis()
    if (!hasNews && now - lookedAt < CABLE_LOOK_MS) return false
    lookedAt = now
    await poll(cable)
    // noise on the bus must not end mirroring: a second look
    if (cable.sr === SOCK_ESTABLISHED) await poll(cable)
    if (cable.sr !== SOCK_ESTABLISHED) {
        cableSince = 0
        await reconnect()
        return false
    }
    if (cableSince === 0) cableSince = now
    return cable.rxSize > 0 || now - cableSince >= CABLE_PROBATION_MS
}

/**
 * Call before what takes tens of milliseconds. The partner hears of us between
 * one such thing and the next: else it takes a death that comes then, on a link
 * that has been silent, for a broken link, and nobody takes over.
 */
export async function showLife() {
    if (!isUp || isShut) return
    isPingDue = true
    await send()
}

/** What is to be sent wants room in the chip, and no interrupt tells of it. */
export function wantRoom() {
    isCheckDue = true
    linkIsDue = true
}

/** Call every 10 ms, from the heartbeat. */
export function tickLink() {
    quietTicks++
    askTicks++
    if (++sentTicks < PING_TICKS) return
    sentTicks = 0
    isPingDue = true
    linkIsDue = true
    // the connection may want to be made, or may have been lost: no interrupt
    // surely tells of a reset
    isCheckDue = !isUp || quietTicks > QUIET_TICKS
}

/** Looks at the link's chip. Call every second. */
export async function checkLink() {
    if (await isWell(chip, 0, isUp && !isLan)) return
    if (!isLan) await hangUp()
    await resetChip(chip)
}

/** Ends the connection for a reason; a new one is made at once. */
export async function dropLink(why: string) {
    event(`link dropped: ${why}`)
    await hangUp()
}

async function hangUp() {
    await closeLan()
    if (!isLan) await close(cable)
    isLan = false
    s = cable
    if (!isUp) return
    isUp = false
    downAt = ds.millis()
    // what it had to say must not go to a host
    dropOut()
    linkDown()
}

/** Over the cable, board a listens, and board b connects. */
async function reconnect() {
    const isUsed = isUp && !isLan
    if (isUsed) await hangUp()
    else if (cable.sr === SOCK_CLOSE_WAIT) await close(cable)
    const now = ds.millis()
    if (cable.sr !== SOCK_CLOSED) {
        // attempts end by themselves, but a command may have been lost
        const isComing = cable.sr >= SOCK_LISTEN && cable.sr <= SOCK_SYNRECV
        if (isComing || now - triedAt < STUCK_MS) return
        await close(cable)
    }
    if (now - triedAt < RECONNECT_MS) return
    triedAt = now
    if (index === 0) await listen(cable, LINK_PORT)
    else await connect(cable, LINK_PORT, linkIp(0), LINK_PORT)
}
