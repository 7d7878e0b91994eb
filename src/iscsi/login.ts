/** The login phase: RFC 7143 chapters 6 and 11.12. */
import * as ds from "@devicescript/core"
import { digest } from "@devicescript/crypto"
import { event } from "../console/events"
import { BROKEN, get16, put16, textIn } from "../wire/bytes"
import {
    BHS,
    CMD_SN,
    CONTINUE,
    EXP_CMD_SN,
    FLAGS,
    ISID,
    ITT,
    LOGIN_TRANSIT,
    LoginStatus,
    MAX_CMD_SN,
    Op,
    Stage,
    STAT_SN,
    STATUS_CLASS,
    TSIH,
    VERSION_MIN,
} from "../wire/iscsi"
import { Sense } from "../wire/scsi"
import { Conn, ConnFlag, Phase, SN_ISID } from "./conn"
import { DATA, numberOf } from "../drivers/w5500"
import { out } from "../net/frames"
import { outLength } from "../net/out"
import { pool } from "../store/pool"
import { SECTOR } from "../wire/card"
import { addData, addHeader, countStatus } from "./pdu"
import { ANSWER_ROOM } from "./receive"
import { giveText, takeForText } from "./share"
import { openWindow } from "./task"
import {
    find,
    foundEnd,
    lists,
    MAX_RECV,
    negotiate,
    putPair,
    setDefaults,
    valueOf,
    wantMethod,
} from "./text"
import { isResponse, MD5_ALGORITHM, putChallenge, wantsChap } from "./chap"
import { requestDrop } from "./portal"

/** Blocks of the pool for the text of a request that comes in pieces. */
const TEXT_BLOCKS = 3
const MAX_TEXT = TEXT_BLOCKS * SECTOR

/** Of an initiator's name, in bytes: 4.2.7.1. */
const MAX_NAME = 223
/** Of a longer one than this, the beginning is kept, and a hash in this many bytes. */
const KEPT_NAME = 64
const KEPT_HASH = 8

/** Text of a request that goes on in the next one, and whose it is. */
let pendingRun = 0
let pendingLength = 0
let pendingOf: Conn | undefined

/** The text that is looked at: where it is, and from where to where. */
let text: Buffer
let textAt = 0
let textEnd = 0

/**
 * A login's text takes a Pico some 30 ms, 2 ms a key. The heartbeat gets its
 * turn after every few of them, or two logins at once would make the partner
 * take this board for dead. Less than a millisecond would not yield, and the
 * clock stands still until then.
 */
const BREATH_MS = 1
const STEPS_A_BREATH = 4
let steps = 0

async function breathe() {
    if (++steps % STEPS_A_BREATH === 0) await ds.sleep(BREATH_MS)
}

/** For work that is long by itself. */
async function rest() {
    await ds.sleep(BREATH_MS)
}

function value(key: string): string | undefined {
    return valueOf(text, textAt, textEnd, key)
}

/** Whether a list has a choice; undefined when there is no such list. */
function offers(key: string, choice: string): boolean | undefined {
    const from = find(text, textAt, textEnd, key)
    return from < 0 ? undefined : lists(text, from, foundEnd, choice)
}

/**
 * Drops the text of a login that is over. Its blocks stay as they are until the
 * main loop, which handles it, takes others.
 */
export function endLogin(c: Conn) {
    if (pendingOf !== c) return
    pendingOf = undefined
    giveText(pendingRun, TEXT_BLOCKS)
}

export async function loginPdu(
    c: Conn,
    b: Buffer,
    at: number,
    length: number,
): Promise<string | undefined> {
    await ds.sleep(BREATH_MS)
    const flags = b[at + FLAGS]
    const itt = b.getAt(at + ITT, "u32")
    if (c.initiator === "" && pendingOf !== c) firstRequest(c, b, at)
    text = b
    textAt = at + BHS
    textEnd = textAt + length
    if (pendingOf === c || flags & CONTINUE) {
        const error = join(c)
        if (error) return error
    }
    if (flags & CONTINUE) {
        answer(c, itt, flags & 0x0c, LoginStatus.Success)
        return undefined
    }
    endLogin(c)
    const status = await check(c, b, at)
    if (status !== LoginStatus.Success) {
        answer(c, itt, 0, status)
        c.phase = Phase.Closing
        return undefined
    }
    return await goOn(c, itt, flags)
}

/** Joins the text to what came before it. @returns why it cannot be */
function join(c: Conn): string | undefined {
    // one at a time: an initiator that is not the first has to come again
    if (pendingOf && pendingOf !== c) return "another login is continued"
    if (!pendingOf) {
        pendingRun = takeForText(TEXT_BLOCKS)
        if (pendingRun < 0) return "no room for a login in pieces"
        pendingLength = 0
        pendingOf = c
    }
    const length = textEnd - textAt
    if (pendingLength + length > MAX_TEXT) return "login text too long"
    const begin = pendingRun * SECTOR
    pool.blitAt(begin + pendingLength, text, textAt, length)
    pendingLength += length
    text = pool
    textAt = begin
    textEnd = begin + pendingLength
    return undefined
}

/** The numbers of the session begin with its first request. */
function firstRequest(c: Conn, b: Buffer, at: number) {
    c.sn.blitAt(SN_ISID, b, at + ISID, 6)
    c.sn.blitAt(EXP_CMD_SN - STAT_SN, b, at + CMD_SN, 4)
    c.sn.blitAt(MAX_CMD_SN - STAT_SN, b, at + CMD_SN, 4)
    setDefaults(c.sn)
}

/**
 * What is kept of an initiator's name, and told on the console: the heap has no
 * room for eight long ones, and for lines as long.
 */
function keptName(from: number, end: number): string {
    if (end - from <= KEPT_NAME) return textIn(text, from, end)
    let kept = from + KEPT_NAME - 1 - 2 * KEPT_HASH
    // not within a character, whose other bytes are 10xxxxxx
    for (let i = 0; i < 3 && (text[kept] & 0xc0) === 0x80; ++i) --kept
    // in two pieces, for the heap
    const half = (from + end) >> 1
    const hash = digest("sha256", text.slice(from, half), text.slice(half, end))
    const beginning = textIn(text, from, kept)
    return beginning + "~" + hash.slice(0, KEPT_HASH).toString("hex")
}

/**
 * Whether a name has neither spaces nor control characters, 4.2.7.2. On the console
 * they would say lines of their own, or tell a terminal what to do.
 */
function isPlain(name: string): boolean {
    if (name.indexOf(BROKEN) >= 0) return false
    for (let i = 0; i < name.length; ++i) {
        const c = name.charCodeAt(i)
        if (c <= 0x20 || (c >= 0x7f && c < 0xa0)) return false
    }
    return true
}

/** Whether this initiator may log in, and to what. */
async function check(c: Conn, b: Buffer, at: number): Promise<LoginStatus> {
    if (b[at + VERSION_MIN] > 0) return LoginStatus.UnsupportedVersion
    if (get16(b, at + TSIH) !== 0) return LoginStatus.TooManyConnections
    const stage = (b[at + FLAGS] >> 2) & 3
    if (stage !== Stage.Security && stage !== Stage.Operational)
        return LoginStatus.InvalidRequest
    if (c.initiator === "") {
        const from = find(text, textAt, textEnd, "InitiatorName")
        const length = foundEnd - from
        if (from < 0 || length === 0) return LoginStatus.MissingParameter
        if (length > MAX_NAME) return LoginStatus.InitiatorError
        const name = keptName(from, foundEnd)
        if (!isPlain(name)) return LoginStatus.InitiatorError
        c.initiator = name
    }
    await breathe()
    const type = value("SessionType")
    if (type !== undefined) {
        if (type !== "Discovery" && type !== "Normal")
            return LoginStatus.SessionTypeNotSupported
        if (type === "Discovery") c.flags |= ConnFlag.Discovery
    }
    await breathe()
    const target = value("TargetName")
    if (target !== undefined) {
        if (target !== c.port.target) return LoginStatus.NotFound
        c.flags |= ConnFlag.HasTarget
    }
    // a session that is not for discovery is for a target
    if ((c.flags & (ConnFlag.Discovery | ConnFlag.HasTarget)) === 0)
        return LoginStatus.MissingParameter
    await breathe()
    return await authenticate(c, stage)
}

/** Discovery tells of a name and an address alone, and needs no secret. */
function needsChap(c: Conn): boolean {
    const isKnown = ConnFlag.Discovery | ConnFlag.Authenticated
    return wantsChap() && (c.flags & isKnown) === 0
}

/** Looks at the keys with which an initiator shows who it is. */
async function authenticate(c: Conn, stage: Stage): Promise<LoginStatus> {
    const isNeeded = needsChap(c)
    const method = isNeeded ? "CHAP" : "None"
    wantMethod(method)
    if (offers("AuthMethod", method) === false)
        return LoginStatus.AuthenticationFailure
    if (!isNeeded) return LoginStatus.Success
    if (stage !== Stage.Security) return LoginStatus.AuthenticationFailure
    await breathe()
    const knowsMd5 = offers("CHAP_A", MD5_ALGORITHM)
    if (knowsMd5 !== undefined) {
        if (!knowsMd5) return LoginStatus.AuthenticationFailure
        c.flags |= ConnFlag.Challenged
        return LoginStatus.Success
    }
    const response = value("CHAP_R")
    if (response === undefined) return LoginStatus.Success
    await breathe()
    if (
        (c.flags & ConnFlag.Challenged) === 0 ||
        // it wants us to show that we know a secret, too: we know none
        value("CHAP_C") !== undefined ||
        !(await isResponse(c, value("CHAP_N") || "", response, rest))
    ) {
        event(`${c.port.name} port: ${c.initiator} does not know the secret`)
        return LoginStatus.AuthenticationFailure
    }
    c.flags |= ConnFlag.Authenticated
    return LoginStatus.Success
}

/** Negotiates, and goes to the next stage if the initiator wants to. */
async function goOn(
    c: Conn,
    itt: number,
    flags: number,
): Promise<string | undefined> {
    const stage = (flags >> 2) & 3
    const next = flags & 3
    // who has not shown who it is stays in this stage
    const isTransit = (flags & LOGIN_TRANSIT) !== 0 && !needsChap(c)
    if (isTransit && (next <= stage || next === 2)) {
        answer(c, itt, 0, LoginStatus.InvalidRequest)
        c.phase = Phase.Closing
        return undefined
    }
    // a malformed text must not end the session that this one would replace
    const data = DATA + outLength + BHS
    const end = await addAnswers(c, stage, data)
    if (end < 0) return "malformed login text"
    const isDone = isTransit && next === Stage.FullFeature
    let status = LoginStatus.Success
    if (isDone && !enter(c)) status = LoginStatus.OutOfResources
    const begin = answer(c, itt, flags & (isTransit ? 0x8f : 0x0c), status)
    if (status === LoginStatus.Success) addData(begin, end - data)
    else c.phase = Phase.Closing
    return undefined
}

/** Writes the answers to all keys. @returns their end, or -1 */
async function addAnswers(c: Conn, stage: Stage, at: number): Promise<number> {
    const limit = at + ANSWER_ROOM - BHS
    let end = await negotiate(
        c.sn,
        text,
        textAt,
        textEnd,
        out,
        at,
        limit - 80,
        breathe,
    )
    await ds.sleep(BREATH_MS)
    if (end < 0) return end
    if (value("CHAP_A") !== undefined && needsChap(c))
        end = putChallenge(c, out, end)
    if (value("TargetName") !== undefined)
        end = putPair(out, end, "TargetPortalGroupTag", "1")
    const mustDeclare = (c.flags & ConnFlag.HasDeclared) === 0
    if (stage === Stage.Operational && mustDeclare) {
        c.flags |= ConnFlag.HasDeclared
        end = putPair(out, end, "MaxRecvDataSegmentLength", MAX_RECV + "")
    }
    return end
}

/** Login Response. @returns where in `out` it begins */
function answer(
    c: Conn,
    itt: number,
    flags: number,
    status: LoginStatus,
): number {
    const isGood = status === LoginStatus.Success
    const at = addHeader(c, Op.LoginResponse, isGood ? flags : 0, itt)
    out.blitAt(at + ISID, c.sn, SN_ISID, 6)
    // sessions are told apart by initiator and ISID; the number only has to
    // be there when the session is
    if (c.phase === Phase.FullFeature)
        put16(out, at + TSIH, 1 + numberOf(c.socket))
    put16(out, at + STATUS_CLASS, status)
    if (isGood) countStatus(c)
    return at
}

/** Begins the full feature phase. @returns false: no room for a session */
function enter(c: Conn): boolean {
    reinstate(c)
    if (!openWindow(c)) return false
    c.phase = Phase.FullFeature
    c.port.sessions.push(c)
    c.attention = c.port.attention || Sense.PowerOn
    event(
        `${c.port.name} port: login ${c.initiator}` +
            (c.flags & ConnFlag.Discovery
                ? " discovery"
                : ` socket=${numberOf(c.socket)}`),
    )
    return true
}

/** A session of the same initiator with the same ISID is ended: 6.3.5. */
function reinstate(c: Conn) {
    const conns = c.port.conns
    for (let i = 0; i < conns.length; ++i) {
        const old = conns[i]
        if (
            old !== c &&
            old.phase === Phase.FullFeature &&
            old.initiator === c.initiator &&
            ((old.flags ^ c.flags) & ConnFlag.Discovery) === 0 &&
            old.sn.getAt(SN_ISID, "u32") === c.sn.getAt(SN_ISID, "u32") &&
            old.sn.getAt(SN_ISID + 4, "u16") === c.sn.getAt(SN_ISID + 4, "u16")
        )
            requestDrop(old)
    }
}
