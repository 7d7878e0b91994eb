/** A connection, which with MaxConnections=1 is also a session. */
import * as ds from "@devicescript/core"
import { numberOf, Socket } from "../drivers/w5500"
import { increment32 } from "../wire/bytes"
import { EXP_CMD_SN, STAT_SN } from "../wire/iscsi"
import { Port, SOCKETS } from "./port"
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

/** `Conn.sn`: three sequence numbers, the ISID, and what follows. */
const SN_SIZE = 12
export const SN_ISID = SN_SIZE
const AGREED = SN_ISID + 6

/**
 * What both sides have agreed on, RFC 7143 chapter 13: three numbers (u32), and
 * two of which 1 is "Yes". In the buffer of `Conn.sn`, for objects are dear.
 */
export type Negotiated = Buffer
/** MaxRecvDataSegmentLength of the initiator */
export const MAX_SEND = AGREED
export const MAX_BURST = AGREED + 4
export const FIRST_BURST = AGREED + 8
export const INITIAL_R2T = AGREED + 12
export const IMMEDIATE_DATA = AGREED + 13
const SESSION_SIZE = AGREED + 14

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

export interface Conn {
    port: Port
    socket: Socket
    phase: Phase

    /// session ///

    flags: number
    initiator: string
    /** StatSN, ExpCmdSN and MaxCmdSN, as they stand in a PDU; the ISID; and
     * what is agreed on */
    sn: Buffer
    /** commands that MaxCmdSN promises */
    granted: number
    taskCount: number
    /** `Sense` of a pending unit attention, or 0 */
    attention: number

    /// receiving ///

    sink: Sink
    /** bytes of the data segment still to come, and of padding */
    sinkLeft: number
    sinkPad: number
    sinkTask: number
    /** bytes that must be there before it is worth to read again */
    need: number
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
        sn: Buffer.alloc(SESSION_SIZE),
        granted: 0,
        taskCount: 0,
        attention: 0,
        sink: Sink.None,
        sinkLeft: 0,
        sinkPad: 0,
        sinkTask: 0,
        need: 0,
        wantsRoom: false,
        roomRounds: 0,
        waiting: makeRing(),
        reads: makeRing(),
    }
}

/** Connections of both ports: twice `SOCKETS`. */
const CONNS = 8

/** A connection's number among those of both ports. */
export function slotOf(c: Conn): number {
    return numberOf(c.socket) + (c.port.name === "home" ? 0 : SOCKETS)
}

/// What is seldom looked at, by slot: a field of each would cost 16 bytes ///

/** f64: 32 bits of milliseconds are full after 49 days */
const begunAt = Buffer.alloc(CONNS << 3)
const silentAt = Buffer.alloc(CONNS << 1)
const silentLooks = Buffer.alloc(CONNS)

/** When the login, or the end of the connection, began; ms. */
export function since(c: Conn): number {
    return begunAt.getAt(slotOf(c) << 3, "f64")
}

/** The login, or the end of the connection, begins. */
export function begins(c: Conn) {
    begunAt.setAt(slotOf(c) << 3, "f64", ds.millis())
}

/**
 * Counts looks at a session that owes data.
 * @returns for how many its stream has stood where it did
 */
export function countSilence(c: Conn, owes: boolean): number {
    const i = slotOf(c)
    const at = c.socket.rxRd
    const isSilent = owes && silentAt.getAt(i << 1, "u16") === at
    silentAt.setAt(i << 1, "u16", at)
    silentLooks[i] = isSilent ? silentLooks[i] + 1 : 0
    return silentLooks[i]
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
