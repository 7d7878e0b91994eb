/**
 * Text keys: RFC 7143 chapters 6 and 13. What this target wants of each key is
 * in one table; a key that is not in it is NotUnderstood.
 */
import { BROKEN, putText, textIn } from "../wire/bytes"
import { SECTOR } from "../wire/card"
import { ipIn, tcpPortIn } from "../wire/link"
import {
    agreed,
    Conn,
    ConnFlag,
    FIRST_BURST,
    IMMEDIATE_DATA,
    INITIAL_R2T,
    MAX_BURST,
    MAX_SEND,
    Negotiated,
} from "./conn"

/** Our MaxRecvDataSegmentLength: a piece of the pool. */
export const MAX_RECV = 4096

/** Ranges of numbers, chapter 13. */
const MIN_SEGMENT = 512
const MAX_SEGMENT = 0xffffff

/** Lengths of a key and a value, 6.1 */
const MAX_KEY = 63
const MAX_VALUE = 255
/** No number has more digits: to look at each costs heap. */
const MAX_DIGITS = 32

const REJECT = "Reject"
const NOT_UNDERSTOOD = "NotUnderstood"

const EQUALS = 0x3d
const COMMA = 0x2c

/** Answers one offered value; may change what is agreed on. */
type Answer = (n: Negotiated, value: string) => string

/** Lists of choices of which we can only do one. */
const choices: Record<string, string> = {
    AuthMethod: "None",
    HeaderDigest: "None",
    DataDigest: "None",
    TaskReporting: "RFC3720",
}

/** Sets the AuthMethod that the login which is negotiated has to choose. */
export function wantMethod(name: string) {
    choices["AuthMethod"] = name
}

/**
 * Whether a comma-separated list has a choice. It may be longer than any text
 * that the heap has room for: it is looked at piece by piece.
 */
export function lists(
    b: Buffer,
    from: number,
    end: number,
    choice: string,
): boolean {
    const size = choice.length
    while (from + size <= end) {
        let comma = b.indexOf(COMMA, from, end)
        if (comma < 0) comma = end
        if (comma - from === size && textIn(b, from, comma) === choice)
            return true
        from = comma + 1
    }
    return false
}

/**
 * A decimal or hexadecimal constant (6.1) in a range, or NaN. `parseInt` alone
 * takes "4096x" and "1e4" for numbers as well.
 */
function numberIn(value: string, min: number, max: number): number {
    if (value.length > MAX_DIGITS) return NaN
    const isHex = value[0] === "0" && (value[1] === "x" || value[1] === "X")
    const digits = isHex ? "0123456789abcdefABCDEF" : "0123456789"
    for (let i = isHex ? 2 : 0; i < value.length; ++i)
        if (digits.indexOf(value[i]) < 0) return NaN
    const n = parseInt(value)
    return n >= min && n <= max ? n : NaN
}

/** The result is the smaller number, and ours is the smallest there is. */
function one(_n: Negotiated, value: string): string {
    return isNaN(numberIn(value, 1, 65535)) ? REJECT : "1"
}

function time2Retain(_n: Negotiated, value: string): string {
    return isNaN(numberIn(value, 0, 3600)) ? REJECT : "0"
}

function recoveryLevel(_n: Negotiated, value: string): string {
    return isNaN(numberIn(value, 0, 2)) ? REJECT : "0"
}

/** The smaller one (RFC 7144); ours is 1. */
function protocolLevel(_n: Negotiated, value: string): string {
    const level = numberIn(value, 0, 31)
    if (isNaN(level)) return REJECT
    return level < 1 ? "0" : "1"
}

function isBoolean(value: string): boolean {
    return value === "Yes" || value === "No"
}

/** The result is Yes if either side says so, and we do. */
function yes(_n: Negotiated, value: string): string {
    return isBoolean(value) ? "Yes" : REJECT
}

function no(_n: Negotiated, value: string): string {
    return isBoolean(value) ? "No" : REJECT
}

/** Keys of markers, which must not be NotUnderstood: 13.25. */
function obsolete(): string {
    return REJECT
}

/** OR; we can do without. */
function initialR2t(n: Negotiated, value: string): string {
    if (!isBoolean(value)) return REJECT
    n[INITIAL_R2T] = value === "Yes" ? 1 : 0
    return value
}

/** AND; we can do with it. */
function immediateData(n: Negotiated, value: string): string {
    if (!isBoolean(value)) return REJECT
    n[IMMEDIATE_DATA] = value === "Yes" ? 1 : 0
    return value
}

/** The smaller one; any size will do for us. */
function maxBurst(n: Negotiated, value: string): string {
    const v = numberIn(value, MIN_SEGMENT, MAX_SEGMENT)
    if (isNaN(v)) return REJECT
    n.setAt(MAX_BURST, "u32", v)
    if (agreed(n, FIRST_BURST) > v) n.setAt(FIRST_BURST, "u32", v)
    return value
}

/**
 * The smaller one; more than a piece has no use, and more than MaxBurstLength
 * is not allowed (13.14).
 */
function firstBurst(n: Negotiated, value: string): string {
    let v = numberIn(value, MIN_SEGMENT, MAX_SEGMENT)
    if (isNaN(v)) return REJECT
    if (v > MAX_RECV) v = MAX_RECV
    if (v > agreed(n, MAX_BURST)) v = agreed(n, MAX_BURST)
    // in whole blocks: half of one would hold its piece until it is asked for
    v -= v % SECTOR
    n.setAt(FIRST_BURST, "u32", v)
    return v + ""
}

/** Each side declares its own. */
function maxRecv(n: Negotiated, value: string): string {
    const v = numberIn(value, MIN_SEGMENT, MAX_SEGMENT)
    if (isNaN(v)) return REJECT
    n.setAt(MAX_SEND, "u32", v)
    return ""
}

/** The larger one; we need no time. */
function time2Wait(_n: Negotiated, value: string): string {
    return isNaN(numberIn(value, 0, 3600)) ? REJECT : value
}

/** Declarations, which get no answer; `login.ts` reads what it needs. */
function declared(): string {
    return ""
}

const answers: Record<string, Answer> = {
    InitiatorName: declared,
    InitiatorAlias: declared,
    TargetName: declared,
    SessionType: declared,
    CHAP_A: declared,
    CHAP_N: declared,
    CHAP_R: declared,
    MaxConnections: one,
    MaxOutstandingR2T: one,
    DefaultTime2Retain: time2Retain,
    ErrorRecoveryLevel: recoveryLevel,
    iSCSIProtocolLevel: protocolLevel,
    DefaultTime2Wait: time2Wait,
    InitialR2T: initialR2t,
    ImmediateData: immediateData,
    DataPDUInOrder: yes,
    DataSequenceInOrder: yes,
    IFMarker: no,
    OFMarker: no,
    IFMarkInt: obsolete,
    OFMarkInt: obsolete,
    MaxBurstLength: maxBurst,
    FirstBurstLength: firstBurst,
    MaxRecvDataSegmentLength: maxRecv,
}

/** What an initiator that says nothing has agreed to: chapter 13. */
export function setDefaults(n: Negotiated) {
    n.setAt(MAX_SEND, "u32", 8192)
    n.setAt(MAX_BURST, "u32", 262144)
    n.setAt(FIRST_BURST, "u32", 65536)
    n[INITIAL_R2T] = 1
    n[IMMEDIATE_DATA] = 1
}

/** Adds `key=value` and a zero. @returns the end */
export function putPair(to: Buffer, at: number, key: string, value: string) {
    const pair = key + "=" + value
    putText(to, at, pair.length, pair, 0)
    to[at + pair.length] = 0
    return at + pair.length + 1
}

/** Where the value ends that `find` has found. */
export let foundEnd = 0

/**
 * Where the value of a key begins, or -1. It ends at `foundEnd`.
 * @param text has pairs of `key=value`, each with a zero behind
 * @param at where they begin
 * @param limit where they end
 */
export function find(
    text: Buffer,
    at: number,
    limit: number,
    key: string,
): number {
    while (at < limit) {
        let end = text.indexOf(0, at, limit)
        if (end < 0) end = limit
        const eq = text.indexOf(EQUALS, at, end)
        if (eq === at + key.length && textIn(text, at, eq) === key) {
            foundEnd = end
            return eq + 1
        }
        at = end + 1
    }
    return -1
}

/** The value of a key, or undefined; `BROKEN` when it is longer than any we know. */
export function valueOf(
    text: Buffer,
    at: number,
    limit: number,
    key: string,
): string | undefined {
    const from = find(text, at, limit, key)
    return from < 0 ? undefined : textIn(text, from, foundEnd)
}

/** The answer to one offer, whose value is there. */
function answerTo(
    n: Negotiated,
    key: string,
    text: Buffer,
    from: number,
    end: number,
): string {
    // every object has a constructor: the tables must not answer for it
    if (key === "constructor") return NOT_UNDERSTOOD
    const choice = choices[key]
    if (choice) return lists(text, from, end, choice) ? choice : REJECT
    const answer = answers[key]
    return answer ? answer(n, textIn(text, from, end)) : NOT_UNDERSTOOD
}

/**
 * Answers all offers in a text, from `pos` to `textEnd`.
 * @param limit where in `to` the room ends
 * @param pause called between two offers, each of which takes a Pico some 2 ms
 * @returns the end of the answers, or -1: malformed, or too long to answer
 */
export async function negotiate(
    n: Negotiated,
    text: Buffer,
    pos: number,
    textEnd: number,
    to: Buffer,
    at: number,
    limit: number,
    pause: () => Promise<void>,
): Promise<number> {
    while (pos < textEnd) {
        let end = text.indexOf(0, pos, textEnd)
        if (end < 0) end = textEnd
        if (end > pos) {
            await pause()
            const eq = text.indexOf(EQUALS, pos, end)
            if (eq <= pos || eq - pos > MAX_KEY) return -1
            const key = textIn(text, pos, eq)
            const isAscii = key.length === eq - pos && key.indexOf(BROKEN) < 0
            if (!isAscii || end - eq - 1 > MAX_VALUE) return -1
            const value = answerTo(n, key, text, eq + 1, end)
            if (value !== "") {
                if (at + key.length + value.length + 2 > limit) return -1
                at = putPair(to, at, key, value)
            }
        }
        pos = end + 1
    }
    return at
}

/** Address of a connection's port as in TargetAddress. */
function addressOf(c: Conn): string {
    const id = c.port.identity
    return `${ipIn(id)}:${tcpPortIn(id)},1`
}

/**
 * Answers SendTargets: the target of this port, at this port.
 * @returns length of the answer
 */
export function sendTargets(
    c: Conn,
    text: Buffer,
    from: number,
    end: number,
    to: Buffer,
    at: number,
): number {
    const wanted = valueOf(text, from, end, "SendTargets")
    const target = c.port.target
    if (wanted === undefined) return 0
    // an empty value is the target of this session, which a discovery has not
    const isWanted =
        wanted === "All" ||
        wanted === target ||
        (wanted === "" && (c.flags & ConnFlag.Discovery) === 0)
    if (!isWanted) return 0
    const next = putPair(to, at, "TargetName", target)
    return putPair(to, next, "TargetAddress", addressOf(c)) - at
}
