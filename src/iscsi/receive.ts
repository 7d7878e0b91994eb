/** The receiving half of a connection: headers to handlers, data to sinks. */
import { consume, DATA, readRx } from "../drivers/w5500"
import { get24 } from "../wire/bytes"
import { MAX_RECV } from "./text"
import {
    AHS_LENGTH,
    BHS,
    DATA_LENGTH,
    OPCODE_MASK,
    Op,
    RejectReason,
} from "../wire/iscsi"
import { Conn, Phase, Sink } from "./conn"
import { commandPdu } from "./command"
import { dataOutPdu } from "./dataout"
import { loginPdu } from "./login"
import { inFrame, MAX_DATA } from "../net/frames"
import { roomIn } from "../net/out"
import { drop } from "./portal"
import {
    logoutPdu,
    nopPdu,
    reject,
    taskManagementPdu,
    textPdu,
} from "./session"
import { sinkData } from "./transfer"

/**
 * What one PDU may add to `out`: a header, and data of a command, of a ping or
 * of a login. Nothing is read that could not be answered.
 */
export const ANSWER_ROOM = 1100
/** PDUs that are handled whole, and answered with no more than they have. */
const WHOLE_LIMIT = ANSWER_ROOM
/** Data are read when all are there, or at least so many. */
const WORTH_READING = 1200

/** `Conn.need` while data wait for blocks of the pool. */
export const NEVER = 0x7fffffff

/**
 * Handles a PDU whose header is at `b[at]`, and its data segment behind.
 * Answers by setting `c.sink`, or with an error: a reason to drop.
 */
export type Handler = (
    c: Conn,
    b: Buffer,
    at: number,
    length: number,
) => string | undefined | Promise<string | undefined>

const fullFeature: Handler[] = []
const whole: boolean[] = []

/** Fills the table of handlers. */
export function initReceive() {
    fullFeature[Op.NopOut] = nopPdu
    fullFeature[Op.Command] = commandPdu
    fullFeature[Op.TaskManagement] = taskManagementPdu
    fullFeature[Op.Text] = textPdu
    fullFeature[Op.DataOut] = dataOutPdu
    fullFeature[Op.Logout] = logoutPdu
    whole[Op.NopOut] = true
    whole[Op.Text] = true
    whole[Op.Login] = true
}

/** Why the connection must be dropped, or undefined. */
let failure: string | undefined

/** Reads and handles what has come. @returns whether anything has */
export async function receive(c: Conn): Promise<boolean> {
    const s = c.socket
    let used = 0
    failure = undefined
    while (failure === undefined) {
        const there = s.rxSize - used
        if (there < c.need) break
        const n = there < MAX_DATA ? there : MAX_DATA
        const frame = inFrame(n)
        if (!(await readRx(s, frame, used))) break
        const took = await parse(c, frame, DATA, DATA + n)
        used += took
        if (took === 0) break
    }
    if (used) await consume(s, used)
    if (failure !== undefined) {
        await drop(c, failure)
        return true
    }
    return used > 0
}

/** Handles bytes from `pos` to `end`. @returns how many it has used up */
async function parse(
    c: Conn,
    b: Buffer,
    pos: number,
    end: number,
): Promise<number> {
    const start = pos
    while (failure === undefined) {
        if (c.sink !== Sink.None) {
            pos += sinkBytes(c, b, pos, end)
            if (c.sinkLeft + c.sinkPad > 0) break // more to come, or no room
            continue
        }
        if (end - pos < BHS) {
            c.need = BHS
            break
        }
        if (roomIn(c.socket) < ANSWER_ROOM) {
            c.need = BHS
            c.wantsRoom = true
            break
        }
        const n = await header(c, b, pos, end)
        if (n === 0) break
        pos += n
    }
    return pos - start
}

/** Takes data of the current PDU. */
function sinkBytes(c: Conn, b: Buffer, pos: number, end: number): number {
    let n = end - pos
    const left = c.sinkLeft
    if (n > left) n = left
    if (n > 0 && c.sink === Sink.Task) n = sinkData(c, b, pos, n)
    c.sinkLeft = left - n
    if (n === left) {
        let pad = c.sinkPad
        if (pad > end - pos - n) pad = end - pos - n
        c.sinkPad -= pad
        n += pad
        if (c.sinkPad === 0) {
            c.sink = Sink.None
            c.need = BHS
            return n
        }
    }
    if (c.need !== NEVER) setNeed(c)
    return n
}

/** How much of the current data segment must be there to read again. */
export function setNeed(c: Conn) {
    const left = c.sinkLeft + c.sinkPad
    c.need = left < WORTH_READING ? left : WORTH_READING
}

/** Handles one header. @returns bytes used: 0 when it has to wait */
async function header(
    c: Conn,
    b: Buffer,
    pos: number,
    end: number,
): Promise<number> {
    const op = b[pos] & OPCODE_MASK
    const length = get24(b, pos + DATA_LENGTH)
    const ahs = b[pos + AHS_LENGTH] << 2
    const pad = -length & 3
    if (length > MAX_RECV) {
        failure = `data segment of ${length} B`
        return 0
    }
    let handler: Handler | undefined = fullFeature[op]
    if (c.phase !== Phase.FullFeature) {
        if (op !== Op.Login) {
            failure = `PDU ${op} before login`
            return 0
        }
        handler = loginPdu
    }
    if (whole[op] && handler) {
        const all = BHS + ahs + length + pad
        if (all > WHOLE_LIMIT || ahs > 0) {
            failure = `PDU ${op} of ${all} B, ${ahs} B additional header`
            return 0
        }
        if (end - pos < all) {
            c.need = all
            return 0
        }
        failure = await handler(c, b, pos, length)
        return all
    }
    c.sink = Sink.Discard
    c.sinkLeft = length
    c.sinkPad = pad
    if (handler) failure = await handler(c, b, pos, length)
    else reject(c, b, pos, RejectReason.CommandNotSupported)
    // an additional header is passed over with the discarded data
    if (ahs > 0) {
        if ((c.sink as Sink) === Sink.Task)
            failure = "write with additional header"
        c.sinkLeft += ahs
    }
    if (c.sinkLeft + c.sinkPad === 0) c.sink = Sink.None
    return BHS
}
