/**
 * PDUs of the full feature phase that are not about data: NOP, Text, Logout,
 * task management, and Reject.
 */
import { event } from "../console/events"
import { increment32 } from "../wire/bytes"
import {
    BHS,
    CMD_SN,
    CONTINUE,
    FINAL,
    FLAGS,
    IMMEDIATE,
    ITT,
    LOGOUT_REASON_MASK,
    LogoutReason,
    LogoutResponse,
    LUN,
    MAX_CMD_SN,
    NO_TAG,
    Op,
    REFERENCED_TAG,
    RejectReason,
    RESPONSE,
    STAT_SN,
    Tmf,
    TMF_FUNCTION_MASK,
    TmfResponse,
} from "../wire/iscsi"
import { Sense } from "../wire/scsi"
import {
    agreed,
    Conn,
    ConnFlag,
    countCommand,
    IN_DISCOVERY,
    isExpected,
    MAX_SEND,
    Phase,
} from "./conn"
import { out } from "../net/frames"
import { addData, addHeader, countStatus, putNoTag } from "./pdu"
import { clear, remove } from "./ring"
import { abortTask, isOrphan, Task, TASKS, tasks, TaskState } from "./task"
import { sendTargets } from "./text"

/**
 * Counts a PDU that needs no task: it uses a number of the window and gives
 * it back at once.
 * @returns false: not the next one, to be ignored
 */
function admit(c: Conn, b: Buffer, at: number): boolean {
    if (b[at] & IMMEDIATE) return true
    if (!isExpected(c, b, at + CMD_SN)) return false
    countCommand(c)
    increment32(c.sn, MAX_CMD_SN - STAT_SN)
    return true
}

/** Reject, with the header it is about as data. */
export function reject(c: Conn, b: Buffer, at: number, reason: RejectReason) {
    const r = addHeader(c, Op.Reject, FINAL, NO_TAG)
    out[r + RESPONSE] = reason
    out.blitAt(r + BHS, b, at, BHS)
    addData(r, BHS)
    countStatus(c)
}

/** NOP-Out: an answer repeats its data; without a tag there is none. */
export function nopPdu(
    c: Conn,
    b: Buffer,
    at: number,
    length: number,
): undefined {
    if (!admit(c, b, at)) return undefined
    const itt = b.getAt(at + ITT, "u32")
    if (itt === NO_TAG) return undefined
    let n = length
    const limit = agreed(c.sn, MAX_SEND)
    if (n > limit) n = limit
    const r = addHeader(c, Op.NopIn, FINAL, itt)
    putNoTag(r)
    out.blitAt(r + LUN, b, at + LUN, 8)
    out.blitAt(r + BHS, b, at + BHS, n)
    addData(r, n)
    countStatus(c)
    return undefined
}

/** Text: SendTargets is all that there is to ask. */
export function textPdu(
    c: Conn,
    b: Buffer,
    at: number,
    length: number,
): undefined {
    if (!admit(c, b, at)) return undefined
    if (b[at + FLAGS] & CONTINUE) {
        reject(c, b, at, RejectReason.CommandNotSupported)
        return undefined
    }
    const r = addHeader(c, Op.TextResponse, FINAL, b.getAt(at + ITT, "u32"))
    putNoTag(r)
    out.blitAt(r + LUN, b, at + LUN, 8)
    const text = at + BHS
    addData(r, sendTargets(c, b, text, text + length, out, r + BHS))
    countStatus(c)
    return undefined
}

export function logoutPdu(c: Conn, b: Buffer, at: number): undefined {
    if (!admit(c, b, at)) return undefined
    const reason = b[at + FLAGS] & LOGOUT_REASON_MASK
    const r = addHeader(c, Op.LogoutResponse, FINAL, b.getAt(at + ITT, "u32"))
    countStatus(c)
    if (reason === LogoutReason.Recovery) {
        out[r + RESPONSE] = LogoutResponse.RecoveryNotSupported
        return undefined
    }
    c.phase = Phase.Closing
    return undefined
}

/// Task management ///

export function taskManagementPdu(
    c: Conn,
    b: Buffer,
    at: number,
): string | undefined {
    if ((c.flags & ConnFlag.Discovery) !== 0) return IN_DISCOVERY
    if (!admit(c, b, at)) return undefined
    const f = b[at + FLAGS] & TMF_FUNCTION_MASK
    const isOurs =
        b.getAt(at + LUN, "u32") === 0 && b.getAt(at + LUN + 4, "u32") === 0
    let response = TmfResponse.Complete
    if (f === Tmf.AbortTask)
        response = abortOne(c, b.getAt(at + REFERENCED_TAG, "u32"))
    else if (f === Tmf.ClearAca || f >= Tmf.TargetColdReset)
        response = TmfResponse.NotSupported
    else if (f !== Tmf.TargetWarmReset && !isOurs)
        response = TmfResponse.NoSuchLun
    else if (f === Tmf.AbortTaskSet) abortAll(c)
    else resetUnit(c)
    const itt = b.getAt(at + ITT, "u32")
    const r = addHeader(c, Op.TaskManagementResponse, FINAL, itt)
    out[r + RESPONSE] = response
    countStatus(c)
    return undefined
}

function abortOne(c: Conn, itt: number): TmfResponse {
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.conn === c && t.itt === itt && isLive(t)) {
            unlink(t)
            abortTask(t)
            return TmfResponse.Complete
        }
    }
    return TmfResponse.NoSuchTask
}

function isLive(t: Task): boolean {
    return (
        !isOrphan(t) &&
        t.state !== TaskState.Free &&
        t.state !== TaskState.Aborted
    )
}

function unlink(t: Task) {
    const c = t.conn
    remove(c.waiting, t.index)
    remove(c.reads, t.index)
}

function abortAll(c: Conn) {
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.conn === c && isLive(t)) abortTask(t)
    }
    clear(c.waiting)
    clear(c.reads)
}

/** LUN and target resets: all tasks of all sessions at this port. */
function resetUnit(c: Conn) {
    const conns = c.port.conns
    event(`${c.port.name} port: unit reset by ${c.initiator}`)
    for (let i = 0; i < conns.length; ++i) {
        const other = conns[i]
        if (other.phase !== Phase.FullFeature) continue
        abortAll(other)
        if (other !== c) other.attention = Sense.DeviceReset
    }
}
