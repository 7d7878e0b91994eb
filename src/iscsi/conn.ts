/** A connection, which with MaxConnections=1 is also a session. */
import { Socket } from "../drivers/w5500"
import { increment32 } from "../wire/bytes"
import { EXP_CMD_SN, STAT_SN } from "../wire/iscsi"
import { Port } from "./port"
import { Ring, makeRing } from "./ring"

export enum Phase {
    /** nobody is connected */
    Closed = 0,
    Login,
    FullFeature,
    /** the answer to a logout is on its way; then the end */
    Closing,
}

/** What becomes of the data segment that is being received. */
export enum Sink {
    /** the next thing to come is a header */
    None = 0,
    Discard,
    /** data of the task `sinkTask` */
    Task,
}

/**
 * What both sides have agreed on, RFC 7143 chapter 13. One buffer, because
 * objects are dear: three numbers (u32), and two of which 1 is "Yes".
 */
export type Negotiated = Buffer
/** MaxRecvDataSegmentLength of the initiator */
export const MAX_SEND = 0
export const MAX_BURST = 4
export const FIRST_BURST = 8
export const INITIAL_R2T = 12
export const IMMEDIATE_DATA = 13
const NEGOTIATED_SIZE = 14

/** @param at MAX_SEND, MAX_BURST or FIRST_BURST. @returns bytes */
export function agreed(n: Negotiated, at: number): number {
    return n.getAt(at, "u32")
}

/** `Conn.flags` */
export enum ConnFlag {
    Discovery = 1,
    /** the initiator has named the target */
    HasTarget = 2,
    /** our MaxRecvDataSegmentLength has been declared */
    HasDeclared = 4,
    /** the initiator has to be told that its window has moved */
    TellWindow = 8,
    /** it is one of the sessions that commands are shared out to */
    HasWindow = 16,
    /** it was sent a CHAP challenge */
    Challenged = 32,
    /** and has answered it rightly */
    Authenticated = 64,
}

/**
 * Why a connection ends: a discovery session asks for targets, and logs out
 * (RFC 7143 4.2.2); nobody had to show a secret for it.
 */
export const IN_DISCOVERY = "command in a discovery session"

/** Bytes of `Conn.sn`. */
const SN_SIZE = 12
export const SN_ISID = SN_SIZE

export interface Conn {
    port: Port
    socket: Socket
    phase: Phase

    /// session ///

    flags: number
    initiator: string
    /** StatSN, ExpCmdSN and MaxCmdSN, as they stand in a PDU; then the ISID */
    sn: Buffer
    /** commands that MaxCmdSN promises */
    granted: number
    taskCount: number
    /** `Sense` of a pending unit attention, or 0 */
    attention: number
    negotiated: Negotiated

    /** when the login, or the end of the connection, began; ms */
    since: number

    /// receiving ///

    sink: Sink
    /** bytes of the data segment still to come, and of padding */
    sinkLeft: number
    sinkPad: number
    sinkTask: number
    /** bytes that must be there before it is worth to read again */
    need: number
    /** where in its stream the session stood when last looked at, and for how
     * many looks it has stood there while it owed data */
    silentAt: number
    silentLooks: number
    /** something could be sent if the chip had room */
    wantsRoom: boolean
    /** rounds in which it is waited for without a pause */
    roomRounds: number

    /// sending ///

    /** tasks that wait for log entries, oldest first, as task numbers */
    waiting: Ring
    reads: Ring
}

export function makeConn(port: Port, socket: Socket): Conn {
    return {
        port,
        socket,
        phase: Phase.Closed,
        flags: 0,
        initiator: "",
        sn: Buffer.alloc(SN_SIZE + 6),
        granted: 0,
        taskCount: 0,
        attention: 0,
        negotiated: Buffer.alloc(NEGOTIATED_SIZE),
        since: 0,
        sink: Sink.None,
        sinkLeft: 0,
        sinkPad: 0,
        sinkTask: 0,
        need: 0,
        silentAt: 0,
        silentLooks: 0,
        wantsRoom: false,
        roomRounds: 0,
        waiting: makeRing(),
        reads: makeRing(),
    }
}

/**
 * Whether a numbered PDU is the next one; others are ignored (RFC 7143
 * 4.2.2.1). Compares raw bytes: numbers would cost three times as much.
 */
export function isExpected(c: Conn, b: Buffer, cmdSnAt: number): boolean {
    return b.getAt(cmdSnAt, "u32") === c.sn.getAt(EXP_CMD_SN - STAT_SN, "u32")
}

/** Counts a numbered PDU. */
export function countCommand(c: Conn) {
    increment32(c.sn, EXP_CMD_SN - STAT_SN)
}
