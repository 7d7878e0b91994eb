/**
 * The third witness: heartbeats over the LAN, from home port to home port, while
 * frames go over the cable. They are seldom, for they cost SPI transfers, and
 * tell that the partner lives though its heartbeat line and the cable are
 * broken. When the line is, they become as frequent as a second channel has to
 * be. See wire/lanbeat.ts for what no stranger can say.
 */
import * as ds from "@devicescript/core"
import { randomBuffer } from "@devicescript/crypto"
import { event } from "../console/events"
import {
    close,
    consume,
    DATA,
    openUdp,
    poll,
    readRx,
    SOCK_UDP,
    Socket,
    UDP_HEADER,
    writeTxAndSend,
} from "../drivers/w5500"
import { small } from "../net/frames"
import { partnerOnCard } from "../store/superblock"
import { ID_IP } from "../wire/link"
import {
    B_FROM,
    B_KIND,
    B_NONCE,
    B_NONCE_SIZE,
    B_NUMBER,
    B_TAKEN,
    B_THEIRS,
    B_URGENT,
    BEAT_KIND,
    BEAT_SIZE,
} from "../wire/lanbeat"
import { LAN_PORT, RECORD_TAG, recordTag } from "../wire/record"
import { FRESH_MS, heardLan, Partner } from "./detector"
import { detector } from "./heartbeat"
import { hasLanPath, isTagged, lanSocket, pairKey } from "./lan"
import { cableIsLinks, linkIsOnLan } from "./link"

/** Between beats; while the heartbeat line is silent; and the link is, too. */
const BEAT_MS = 1000
const URGENT_MS = 50
const AT_ONCE_MS = 0
/** So long after it surely lived, the partner counts as heard. */
const HEARD_MS = 4 * BEAT_MS
/** Sent times that are known: who answers an older one has been too slow. */
const KNOWN = 16
/** Datagrams between two beats that were not the partner's; then none is read. */
const MAX_STRANGERS = 8
/** Where a datagram begins in its buffer: where the chip puts it in one of ours. */
const AT = DATA + UDP_HEADER

let s: Socket
let index = 0
/** what is sent, as it would come */
let own: Buffer
/** when the last ones were sent */
let sentAt: Buffer
/** numbers of the last that was sent, and taken */
let sent = 0
let taken = 0
/** when it is time for `beatOverLan` */
export let lanBeatAt = 0
let others = 0
/** Datagrams that were not the partner's. */
export let strayBeats = 0

export function startLanBeat(boardIndex: number) {
    s = lanSocket()
    index = boardIndex
    sentAt = Buffer.alloc(KNOWN << 3)
    own = Buffer.alloc(AT + BEAT_SIZE)
    own[AT + B_KIND] = BEAT_KIND
    own[AT + B_FROM] = index
    own.blitAt(AT + B_NONCE, randomBuffer(B_NONCE_SIZE), 0, B_NONCE_SIZE)
}

/** @returns whether the partner is heard on the LAN: 0 unused, 1 no, 2 yes */
export function lanState(now: number): number {
    if (linkIsOnLan()) return 2
    if (!hasLanPath()) return 0
    return detector.lanAt > 0 && now - detector.lanAt < HEARD_MS ? 2 : 1
}

/** Sends one, and takes what has come. */
export async function beatOverLan(now: number) {
    others = 0
    const isUrgent = detector.partner === Partner.BeatLost
    const isAlone = isUrgent && now - detector.linkAt > FRESH_MS
    lanBeatAt = now + (isAlone ? AT_ONCE_MS : isUrgent ? URGENT_MS : BEAT_MS)
    if (!hasLanPath() || !cableIsLinks()) return
    // it answers whatever it takes
    if (s.sr === SOCK_UDP) await look()
    await beat(now, isUrgent)
}

/** @param wantsAnswer at once; an answer wants none, or there would be no end */
async function beat(now: number, wantsAnswer: boolean) {
    // one that is still there waits for an address that nobody has
    if (s.sr !== SOCK_UDP || s.txFree < s.size) {
        const ip = partnerOnCard.slice(ID_IP, ID_IP + 4)
        await openUdp(s, LAN_PORT, ip)
        if (s.sr !== SOCK_UDP) return
    }
    sent++
    sentAt.setAt((sent % KNOWN) << 3, "f64", now)
    own[AT + B_URGENT] = wantsAnswer ? 1 : 0
    own.setAt(AT + B_NUMBER, "u32", sent)
    own.setAt(AT + B_TAKEN, "u32", taken)
    own.blitAt(own.length - RECORD_TAG, recordTag(pairKey, own), 0, RECORD_TAG)
    const frame = small[0]
    frame.blitAt(DATA, own, AT, BEAT_SIZE)
    await writeTxAndSend(s, frame, BEAT_SIZE)
}

/** The socket has news. */
export async function takeBeats() {
    if (s === undefined || s.sr !== SOCK_UDP) return
    if ((await look()) && hasLanPath() && cableIsLinks())
        await beat(ds.millis(), false)
}

/**
 * Looks at the socket. That ends its interrupt: what has come is taken, too.
 * @returns whether an answer is wanted
 */
async function look(): Promise<boolean> {
    const b = small[0]
    const before = await readLast(b)
    if (s.sr !== SOCK_UDP || s.rxSize === 0) return false
    await consume(s, s.rxSize)
    if (before < 0) await countStray()
    return before >= 0 && (take(b) || before > 0)
}

/**
 * Reads the last datagram, for only it has news; one before it may have wanted an
 * answer.
 * @returns bytes that came before it; negative: it is not the partner's
 */
async function readLast(b: Buffer): Promise<number> {
    // a size that changes while it is read may be a wrong one, and a chip that was
    // reset has read zeros: a second look
    for (let looks = 0; looks < 2; ++looks) {
        await poll(s)
        if (s.sr !== SOCK_UDP || s.rxSize === 0) break
        const before = s.rxSize - UDP_HEADER - BEAT_SIZE
        if (before >= 0 && (await readRx(s, b, before)) && isPartners(b))
            return before
    }
    return -1
}

/** Whoever sends much is not listened to for a while. */
async function countStray() {
    if (strayBeats++ === 0)
        event("heartbeats on the LAN that are not the partner's: not believed")
    if (++others >= MAX_STRANGERS) await close(s)
}

/** Whether it comes from the partner's address, and has a right tag. */
function isPartners(b: Buffer): boolean {
    const ip = b.getAt(DATA, "u32")
    const size = (b[DATA + UDP_HEADER - 2] << 8) | b[DATA + UDP_HEADER - 1]
    b.fillAt(DATA, UDP_HEADER, 0)
    return (
        ip === partnerOnCard.getAt(ID_IP, "u32") &&
        size === BEAT_SIZE &&
        isTagged(pairKey, b) &&
        b[AT + B_KIND] === BEAT_KIND &&
        b[AT + B_FROM] === 1 - index
    )
}

/** @returns whether an answer is wanted at once */
function take(b: Buffer): boolean {
    const number = b.getAt(AT + B_NUMBER, "u32")
    if (!isSame(b, B_NONCE, B_THEIRS)) {
        // it has started anew
        own.blitAt(AT + B_THEIRS, b, AT + B_NONCE, B_NONCE_SIZE)
        taken = 0
    }
    if (number <= taken) return false
    taken = number
    if (isSame(b, B_THEIRS, B_NONCE)) hear(b.getAt(AT + B_TAKEN, "u32"))
    return b[AT + B_URGENT] !== 0
}

/** Whether a nonce in a datagram is one of those in our own. */
function isSame(b: Buffer, at: number, ours: number): boolean {
    return (
        b.getAt(AT + at, "u32") === own.getAt(AT + ours, "u32") &&
        b.getAt(AT + at + 4, "u32") === own.getAt(AT + ours + 4, "u32")
    )
}

/** @param number of our last that the partner had when it sent */
function hear(number: number) {
    if (number === 0 || number > sent || sent - number >= KNOWN) return
    const at = sentAt.getAt((number % KNOWN) << 3, "f64")
    heardLan(detector, at)
}
