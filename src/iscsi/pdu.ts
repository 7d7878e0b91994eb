/** PDUs that this target sends, put together in `out`. */
import { DATA } from "../drivers/w5500"
import { increment32, put24, put32 } from "../wire/bytes"
import {
    BHS,
    DATA_LENGTH,
    FINAL,
    ITT,
    NO_TAG,
    Op,
    RESIDUAL_COUNT,
    RESIDUAL_OVERFLOW,
    RESIDUAL_UNDERFLOW,
    STATUS,
    STAT_SN,
    TTT,
} from "../wire/iscsi"
import { putSense, SENSE_SIZE, Status } from "../wire/scsi"
import { Conn } from "./conn"
import { out } from "../net/frames"
import { added, outLength } from "../net/out"

/**
 * Adds a header with the numbers of the session.
 * @param itt as it stood in the initiator's PDU
 * @returns where in `out` it begins
 */
export function addHeader(c: Conn, op: Op, flags: number, itt: number): number {
    const at = DATA + outLength
    out.fillAt(at, BHS, 0)
    out[at] = op
    out[at + 1] = flags
    out.setAt(at + ITT, "u32", itt)
    out.blitAt(at + STAT_SN, c.sn, 0, 12)
    added(BHS)
    return at
}

/** The PDU that was added uses up a StatSN. */
export function countStatus(c: Conn) {
    increment32(c.sn, 0)
}

/** Adds a data segment, which `out` has already, to the header at `at`. */
export function addData(at: number, length: number) {
    put24(out, at + DATA_LENGTH, length)
    const pad = -length & 3
    if (pad) out.fillAt(at + BHS + length, pad, 0)
    added(length + pad)
}

/** @param residual expected bytes less the bytes there were to move */
export function putResidual(at: number, residual: number) {
    if (residual === 0) return
    out[at + 1] |= residual > 0 ? RESIDUAL_UNDERFLOW : RESIDUAL_OVERFLOW
    put32(out, at + RESIDUAL_COUNT, residual > 0 ? residual : -residual)
}

/**
 * SCSI Response.
 * @param sense reported with CHECK CONDITION; 0: the status is GOOD
 */
export function addResponse(
    c: Conn,
    itt: number,
    sense: number,
    residual: number,
) {
    const at = addHeader(c, Op.Response, FINAL, itt)
    putResidual(at, residual)
    countStatus(c)
    if (sense === 0) return
    out[at + STATUS] = Status.CheckCondition
    out[at + BHS] = 0
    out[at + BHS + 1] = SENSE_SIZE
    putSense(out, at + BHS + 2, sense)
    addData(at, 2 + SENSE_SIZE)
}

/** NOP-In that asks for nothing: it tells of the window (RFC 7143 11.19). */
export function addWindow(c: Conn) {
    putNoTag(addHeader(c, Op.NopIn, FINAL, NO_TAG))
}

/** SCSI Response with a status that has no sense, such as BUSY. */
export function addStatus(c: Conn, itt: number, status: Status) {
    const at = addHeader(c, Op.Response, FINAL, itt)
    out[at + STATUS] = status
    countStatus(c)
}

/** Fields of NOP-In, Text Response and others that say "no tag". */
export function putNoTag(at: number) {
    out.setAt(at + TTT, "u32", NO_TAG)
}
