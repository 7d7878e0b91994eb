/**
 * The link to the partner: one TCP connection over the crossover cable. Here
 * it is made, frames are cut out of it, and frames are put on it; what they
 * mean is said in mirror.ts and pair.ts.
 */
import * as ds from "@devicescript/core"
import { event } from "../console/events"
import { Pin } from "../board/board"
import {
    close,
    connect,
    consume,
    DATA,
    listen,
    PHYCFGR,
    PHYCFGR_LNK,
    PHYCFGR_RST,
    poll,
    readRx,
    SOCK_CLOSE_WAIT,
    SOCK_CLOSED,
    SOCK_ESTABLISHED,
    SOCK_LISTEN,
    SOCK_SYNRECV,
    Socket,
} from "../drivers/w5500"
import { Chip, makeChip, readCommon, resetChip } from "../drivers/w5500chip"
import { inFrame, MAX_DATA, out } from "../net/frames"
import { added, dropOut, flushOut, outLength, writeOut } from "../net/out"
import { pool } from "../store/pool"
import {
    CHECK_FOLD,
    DAMAGED,
    Frame,
    HELLO_SIZE,
    VERIFY_SIZE,
    L_A,
    L_B,
    L_C,
    L_CHECK,
    LINK_HEADER,
    LINK_TRAILER,
    linkIp,
} from "../wire/link"
import {
    beginWrite,
    endWrite,
    sendFrames,
    takeStored,
    takeSync,
    writePlace,
} from "./mirror"
import { endFetched, fetchedPlace } from "./fetch"
import { takeHost } from "./hosts"
import { isWell } from "./chips"
import { linkUp, takeHello } from "./meeting"
import { heardPartner, linkDown } from "./pair"
import { takeRejoin } from "./rejoin"

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
/** Ticks of 10 ms without anything sent after which a ping is. */
const PING_TICKS = 3
/** Without a frame for so many, the connection is looked at unasked. */
const QUIET_TICKS = 10

let chip: Chip
let s: Socket
let index = 0
/** The chip's interrupt is cleared, and what it was about not yet known. */
export let isLooking = false
let isUp = false
/** bytes that must have come before it is worth to read */
let need = LINK_HEADER
let triedAt = 0
let isPingDue = false
let isCheckDue = true
let sentTicks = 0
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
    s = chip.sockets[0]
    linkInt = interrupt
    index = boardIndex
}

export function linkIsUp(): boolean {
    return isUp
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
}

/**
 * Goes round the link once: when it is due, its chip has news, or a log may
 * have moved on.
 * @param hasNews its chip has
 * @returns whether there was work
 */
export async function serveLink(hasNews: boolean): Promise<boolean> {
    linkIsDue = false
    if (isShut) {
        if (isUp || s.sr !== SOCK_CLOSED) await hangUp()
        return false
    }
    let worked = false
    if (hasNews || isCheckDue) {
        isCheckDue = false
        isLooking = true
        await poll(s)
        // noise on the bus must not end mirroring: a second look
        if (isUp && s.sr !== SOCK_ESTABLISHED) await poll(s)
        isLooking = false
        if (s.sr !== SOCK_ESTABLISHED) {
            await reconnect()
            return false
        }
        if (!isUp) begin()
        // also of a frame that comes in pieces: a busy partner takes its time
        if (s.rxSize > unread) heardPartner()
        if (s.rxSize >= need) worked = await receive()
        unread = s.rxSize
    }
    if (!isUp) return worked
    await send()
    return worked
}

function begin() {
    isUp = true
    unread = 0
    need = LINK_HEADER
    linkUp()
}

async function send() {
    await sendFrames(s, isPingDue)
    if (outLength === 0) {
        if (!isPingDue) return
        addFrame(Frame.Ping, 0, 0, 0, 0)
    }
    isPingDue = false
    sentTicks = 0
    await flushOut(s)
}

/** What is to be sent wants room in the chip, and no interrupt tells of it. */
export function wantRoom() {
    isCheckDue = true
    linkIsDue = true
}

/** Call every 10 ms, from the heartbeat. */
export function tickLink() {
    quietTicks++
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
    if (await isWell(chip, 0, isUp)) return
    await hangUp()
    await resetChip(chip)
}

/** Ends the connection for a reason; a new one is made at once. */
export async function dropLink(why: string) {
    event(`link dropped: ${why}`)
    await hangUp()
}

async function hangUp() {
    await close(s)
    if (!isUp) return
    isUp = false
    // what it had to say must not go to a host
    dropOut()
    linkDown()
}

/** Board a listens, board b connects. */
async function reconnect() {
    if (isUp || s.sr === SOCK_CLOSE_WAIT) await hangUp()
    const now = ds.millis()
    if (s.sr !== SOCK_CLOSED) {
        // attempts end by themselves, but a command may have been lost
        const isComing = s.sr >= SOCK_LISTEN && s.sr <= SOCK_SYNRECV
        if (isComing || now - triedAt < STUCK_MS) return
        await hangUp()
    }
    if (now - triedAt < RECONNECT_MS) return
    triedAt = now
    if (index === 0) await listen(s, LINK_PORT)
    else await connect(s, LINK_PORT, linkIp(0), LINK_PORT)
}

/// Sending ///

/** Adds a frame's header to `out`; there must be room. */
export function addFrame(
    type: Frame,
    volume: number,
    a: number,
    b: number,
    c: number,
) {
    const at = DATA + outLength
    const word = type + volume * 0x100 + c * 0x10000
    out.setAt(at, "u32", word)
    out.setAt(at + L_A, "u32", a)
    out.setAt(at + L_B, "u32", b)
    const sum = word * 3 + a * 5 + b * 7
    out.setAt(at + L_CHECK, "i32", sum ^ (sum / CHECK_FOLD))
    added(LINK_HEADER)
}

/** Makes sure that `count` more bytes fit into `out`. */
export async function makeRoom(count: number) {
    if (outLength + count > MAX_DATA) await writeOut(s)
}

/// Receiving ///

/** A WRITE of eight blocks is the longest frame. */
const MAX_FRAME = LINK_HEADER + 8 * 512 + LINK_TRAILER

/** Why the connection must be dropped, or undefined. */
let failure: string | undefined

/** Reads and handles whole frames. @returns whether there were any */
async function receive(): Promise<boolean> {
    let used = 0
    quietTicks = 0
    failure = undefined
    need = LINK_HEADER
    while (s.rxSize - used >= need) {
        const there = s.rxSize - used
        const n = there < MAX_DATA ? there : MAX_DATA
        const b = inFrame(n)
        // whatever comes: frames have checks, and writes a trailer
        await readRx(s, b, used)
        const took = await takeFrames(b, n, there, used)
        used += took
        if (took === 0 || failure !== undefined) break
    }
    if (failure !== undefined) {
        await dropLink(failure)
        return true
    }
    if (used) await consume(s, used)
    return used > 0
}

/**
 * Handles the frames at the beginning of `b`.
 * @param n bytes in `b`
 * @param there bytes that have come, of which `b` may have only the first
 * @param skip where in the chip's buffer `b` was read
 * @returns bytes handled
 */
async function takeFrames(
    b: Buffer,
    n: number,
    there: number,
    skip: number,
): Promise<number> {
    let pos = 0
    while (n - pos >= LINK_HEADER) {
        const at = DATA + pos
        const word = b.getAt(at, "u32")
        const sum =
            word * 3 +
            b.getAt(at + L_A, "u32") * 5 +
            b.getAt(at + L_B, "u32") * 7
        if (b.getAt(at + L_CHECK, "i32") !== (sum ^ (sum / CHECK_FOLD))) {
            failure = DAMAGED
            return pos
        }
        let size = LINK_HEADER
        const type = word & 0xff
        if (type === Frame.Write || type === Frame.Fetched)
            size += (b[at + L_C] << 9) + LINK_TRAILER
        else if (type === Frame.Hello) size += HELLO_SIZE
        else if (type === Frame.Verify) size += VERIFY_SIZE
        if (size > MAX_FRAME) {
            failure = "frame too long"
            return pos
        }
        if (size > there - pos) {
            need = size
            return pos
        }
        if (size > n - pos) {
            // all of it has come, but more than one read can take
            if (pos > 0) return pos
            failure = await takeLongData(type, b, n, size, skip)
            return size
        }
        failure = take(type, b, at, size)
        if (failure !== undefined) return pos
        pos += size
    }
    return pos
}

function take(
    type: Frame,
    b: Buffer,
    at: number,
    size: number,
): string | undefined {
    switch (type) {
        case Frame.Write:
        case Frame.Fetched: {
            const error = beginData(type, b, at)
            if (error) return error
            const data = size - LINK_HEADER - LINK_TRAILER
            putData(0, b, at + LINK_HEADER, data)
            return endData(type, b, at + LINK_HEADER + data)
        }
        case Frame.Stored:
            return takeStored(b, at)
        case Frame.Sync:
            return takeSync(b, at)
        case Frame.Host:
            return takeHost(b, at)
        case Frame.Hello:
            return takeHello(b, at + LINK_HEADER)
        case Frame.Ping:
            return undefined
        case Frame.Want:
        case Frame.Resync:
        case Frame.Join:
        case Frame.Joined:
        case Frame.Give:
        case Frame.Take:
        case Frame.Verify:
        case Frame.Verified:
        case Frame.Fetch:
            return takeRejoin(type, b, at)
        default:
            return "unknown frame"
    }
}

/** Where the data of a WRITE or FETCHED go, in the pool's bytes; -1: nowhere. */
let place = 0

function beginData(type: Frame, b: Buffer, at: number): string | undefined {
    if (type === Frame.Fetched) {
        place = fetchedPlace(b, at)
        return undefined
    }
    const error = beginWrite(b, at)
    place = writePlace
    return error
}

function putData(skip: number, b: Buffer, at: number, count: number) {
    if (place >= 0) pool.blitAt(place + skip, b, at, count)
}

function endData(type: Frame, b: Buffer, at: number): string | undefined {
    return type === Frame.Fetched ? endFetched(b, at, place) : endWrite(b, at)
}

/** Eight blocks take two reads. */
async function takeLongData(
    type: Frame,
    b: Buffer,
    n: number,
    size: number,
    skip: number,
): Promise<string | undefined> {
    const error = beginData(type, b, DATA)
    if (error) return error
    const first = n - LINK_HEADER
    putData(0, b, DATA + LINK_HEADER, first)
    const rest = size - n
    // `b` again, most likely: all that was in it is used
    const tail = inFrame(rest)
    await readRx(s, tail, skip + n)
    const data = rest - LINK_TRAILER
    if (data > 0) putData(first, tail, DATA, data)
    return endData(type, tail, DATA + data)
}
