/**
 * The second path: while the link cable is broken, frames go over the LAN, from
 * home port to home port. Anybody may speak there, so they go in records that
 * only a board with the pair's key can make; see wire/record.ts. A pair without
 * a key has no second path.
 *
 * A network may keep what it carries for any time. But who gives its partner up
 * counts from the last that it can have heard; so a record counts as heard when
 * the last of ours was sent that the partner had by then.
 */
import * as ds from "@devicescript/core"
import { randomBuffer } from "@devicescript/crypto"
import {
    close,
    connect,
    consume,
    listen,
    poll,
    readPeer,
    readRx,
    SOCK_ESTABLISHED,
    SOCK_LISTEN,
    SOCK_SYNRECV,
    Socket,
    writeTxAndSend,
} from "../drivers/w5500"
import { event } from "../console/events"
import { Port, SOCKETS } from "../iscsi/port"
import { out, small } from "../net/frames"
import { added, dropOut, outLength } from "../net/out"
import { partnerOnCard } from "../store/superblock"
import { ID_IP, ID_NAME_LENGTH, KEY_SIZE } from "../wire/link"
import {
    LAN_PORT,
    LARGE_RECORD,
    NONCE_SIZE,
    R_FROM,
    R_LENGTH,
    R_NUMBER,
    R_SIZE,
    R_TAKEN,
    RECORD_AT,
    RECORD_HEAD,
    RECORD_TAG,
    recordTag,
    sessionKey,
    SMALL_RECORD,
} from "../wire/record"
import { heardAnswer, heardLink } from "./detector"
import { takeRecord } from "./frames"
import { detector } from "./heartbeat"

/** Between attempts to connect; one takes as long as this at most. */
const ATTEMPT_MS = 1000
/** Who is connected shows so soon that it has the key. */
const PROOF_MS = 1000
/** Records whose time of sending is known: more are never under way. */
const KNOWN = 32

let index = 0
let home: Port
let partner: Port
let s: Socket
/** Of the pair; zeros when it has none. */
export let pairKey: Buffer
let hasKey = false

let isConnected = false
let since = 0
let nonce: Buffer
/** of the records that are to come and to go */
let key: Buffer
/** both boards have shown that they have the key */
let isProven = false
/** records that have gone, and come */
let sent = 0
let taken = 0
const sentAt = Buffer.alloc(KNOWN << 3)
/** what came in a tag's place */
const came = Buffer.alloc(RECORD_TAG)
/** Why the connection must be dropped, or undefined. */
export let lanFailure: string | undefined
/** Connections that were ended because they were not the partner's. */
export let strangers = 0

/** @param pairsKey zeros when there is none */
export function startLan(
    pairsKey: Buffer,
    boardIndex: number,
    homePort: Port,
    partnerPort: Port,
) {
    pairKey = pairsKey
    index = boardIndex
    home = homePort
    partner = partnerPort
    s = home.chip.sockets[SOCKETS]
    for (let i = 0; i < KEY_SIZE; ++i) if (pairKey[i] !== 0) hasKey = true
}

export function lanSocket(): Socket {
    return s
}

/** Whether both boards can be at their home ports, and know each other. */
export function hasLanPath(): boolean {
    return (
        hasKey &&
        home.isActive &&
        !partner.isActive &&
        partnerOnCard[ID_NAME_LENGTH] !== 0
    )
}

/// The connection ///

/**
 * Makes the connection. Call now and then.
 * @returns whether it stands, and the partner is at its other end
 */
export async function meetOverLan(): Promise<boolean> {
    const now = ds.millis()
    await poll(s)
    if (s.sr !== SOCK_ESTABLISHED) {
        isConnected = false
        if (s.sr === SOCK_LISTEN) return false
        const isComing = s.sr > SOCK_LISTEN && s.sr <= SOCK_SYNRECV
        if (now - since < ATTEMPT_MS && (isComing || index > 0)) return false
        since = now
        const ip = partnerOnCard.slice(ID_IP, ID_IP + 4)
        if (index === 0) await listen(s, LAN_PORT)
        else await connect(s, LAN_PORT, ip, LAN_PORT)
        return false
    }
    if (!isConnected) {
        isConnected = true
        since = now
        if (!(await isPartnersAddress())) return await refuse()
        await sendNonce()
    }
    await receiveRecords()
    if (lanFailure !== undefined) return await refuse()
    if (!isProven && now - since > PROOF_MS) return await refuse()
    return isProven
}

export async function closeLan() {
    isConnected = isProven = false
    if (s.port === 0) return
    await close(s)
    // clears its interrupts: they would keep the port's line low
    await poll(s)
    s.port = 0
}

/** Whoever it is, it changes nothing here. */
async function refuse(): Promise<boolean> {
    // who was called and says nothing is only away
    const isStranger = index === 0 || lanFailure !== undefined
    if (isStranger && strangers++ === 0)
        event("a stranger connects to the pair's port on the LAN: refused")
    await closeLan()
    return false
}

async function isPartnersAddress(): Promise<boolean> {
    const peer = await readPeer(s)
    return peer.getAt(0, "u32") === partnerOnCard.getAt(ID_IP, "u32")
}

async function sendNonce() {
    isProven = false
    sent = taken = 0
    key = pairKey
    nonce = randomBuffer(NONCE_SIZE)
    dropOut()
    added(RECORD_HEAD)
    out.blitAt(RECORD_AT + RECORD_HEAD, nonce, 0, NONCE_SIZE)
    added(NONCE_SIZE)
    await sendRecord()
}

async function takeNonce(b: Buffer) {
    const at = RECORD_AT + RECORD_HEAD
    const other = b.slice(at, at + NONCE_SIZE)
    key =
        index === 0
            ? sessionKey(pairKey, nonce, other)
            : sessionKey(pairKey, other, nonce)
    // shows that it is no echo: nobody else can make this key
    dropOut()
    added(RECORD_HEAD)
    await sendRecord()
}

/// Records ///

/** Whether there is room in the chip for any record. */
export function hasRecordRoom(): boolean {
    return s.txFree >= LARGE_RECORD
}

/** Sends what is in `out`, RECORD_HEAD bytes first, as a record. */
export async function sendRecord() {
    const end = outLength
    const isSmall = end + RECORD_TAG <= SMALL_RECORD
    const b = isSmall ? small[0] : small[1]
    const after = RECORD_AT + end
    dropOut()
    b.blitAt(RECORD_AT, out, RECORD_AT, end)
    b.fillAt(after, b.length - after, 0)
    b[RECORD_AT + R_SIZE] = isSmall ? 0 : 1
    b[RECORD_AT + R_FROM] = index
    b.setAt(RECORD_AT + R_LENGTH, "u16", end - RECORD_HEAD)
    b.setAt(RECORD_AT + R_NUMBER, "u32", sent)
    b.setAt(RECORD_AT + R_TAKEN, "u32", taken)
    sentAt.setAt((sent % KNOWN) << 3, "f64", ds.millis())
    sent++
    b.blitAt(b.length - RECORD_TAG, recordTag(key, b), 0, RECORD_TAG)
    await writeTxAndSend(s, b, b.length - RECORD_AT)
}

/**
 * Takes what has come; `lanFailure` tells what was wrong with it.
 * @returns whether there was anything
 */
export async function receiveRecords(): Promise<boolean> {
    let worked = false
    const wasProven = isProven
    lanFailure = undefined
    // what comes behind the proof is for a connection that has begun
    while (s.rxSize >= SMALL_RECORD && isProven === wasProven) {
        let b = small[0]
        await readRx(s, b, 0)
        const size = b[RECORD_AT + R_SIZE]
        if (size === 1) {
            if (s.rxSize < LARGE_RECORD) break
            b = small[1]
            await readRx(s, b, 0)
        }
        lanFailure = size > 1 ? "no record" : await take(b)
        if (lanFailure !== undefined) break
        await consume(s, b.length - RECORD_AT)
        worked = true
    }
    return worked
}

async function take(b: Buffer): Promise<string | undefined> {
    const end = RECORD_HEAD + b.getAt(RECORD_AT + R_LENGTH, "u16")
    if (!isRight(b) || RECORD_AT + end + RECORD_TAG > b.length)
        return "forged record"
    if (taken++ > 0) {
        hear(b.getAt(RECORD_AT + R_TAKEN, "u32"))
        isProven = true
        return await takeRecord(b, RECORD_HEAD, end)
    }
    if (end !== RECORD_HEAD + NONCE_SIZE) return "no nonce"
    await takeNonce(b)
    return undefined
}

/** Whether the tag at a buffer's end is right; it gets lost. */
export function isTagged(withKey: Buffer, b: Buffer): boolean {
    came.blitAt(0, b, b.length - RECORD_TAG, RECORD_TAG)
    const tag = recordTag(withKey, b)
    for (let i = 0; i < RECORD_TAG; i += 4)
        if (came.getAt(i, "u32") !== tag.getAt(i, "u32")) return false
    return true
}

/** Whether it is the partner's next record of this connection. */
function isRight(b: Buffer): boolean {
    return (
        isTagged(key, b) &&
        b[RECORD_AT + R_FROM] === 1 - index &&
        b.getAt(RECORD_AT + R_NUMBER, "u32") === taken
    )
}

/** @param count of our records that the partner had taken by then */
function hear(count: number) {
    if (count === 0 || count > sent || sent - count >= KNOWN) return
    const at = sentAt.getAt(((count - 1) % KNOWN) << 3, "f64")
    heardLink(detector, at)
    heardAnswer(detector, at)
}
