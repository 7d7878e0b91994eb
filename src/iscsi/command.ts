/** SCSI Command PDUs: from the header to a task, or to an answer at once. */
import {
    beginRequest,
    blocks,
    fail,
    isForced,
    lba,
    Outcome,
    reply,
    replyLength,
    sense,
} from "../scsi/request"
import {
    command,
    commandForNobody,
    passesAttention,
    replySense,
} from "../scsi/unit"
import { flush } from "../store/log"
import { ReadState } from "../store/storage"
import { get32 } from "../wire/bytes"
import {
    BHS,
    CDB,
    CMD_SN,
    COMMAND_READ,
    COMMAND_WRITE,
    DATA_IN_STATUS,
    EXPECTED_LENGTH,
    FINAL,
    FLAGS,
    IMMEDIATE,
    ITT,
    LUN,
    Op,
    RejectReason,
} from "../wire/iscsi"
import { Scsi } from "../wire/scsi"
import {
    agreed,
    Conn,
    ConnFlag,
    countCommand,
    FIRST_BURST,
    IMMEDIATE_DATA,
    IN_DISCOVERY,
    INITIAL_R2T,
    isExpected,
    MAX_SEND,
    Sink,
} from "./conn"
import { out } from "../net/frames"
import {
    addData,
    addHeader,
    addResponse,
    countStatus,
    putNoTag,
    putResidual,
} from "./pdu"
import { push } from "./ring"
import { reject } from "./session"
import { endTask, Task, TaskFlag, takeTask, TaskState } from "./task"
import { afterData } from "./transfer"

export function commandPdu(
    c: Conn,
    b: Buffer,
    at: number,
    length: number,
): string | undefined {
    if ((c.flags & ConnFlag.Discovery) !== 0) return IN_DISCOVERY
    const isImmediate = (b[at] & IMMEDIATE) !== 0
    // out of the window or repeated: ignored, with its data
    if (!isImmediate && !isExpected(c, b, at + CMD_SN)) return undefined
    const t = takeTask(c, !isImmediate)
    if (!t) {
        reject(c, b, at, RejectReason.ImmediateRejected)
        return undefined
    }
    if (!isImmediate) countCommand(c)
    t.itt = b.getAt(at + ITT, "u32")
    const expected = get32(b, at + EXPECTED_LENGTH)
    const outcome = look(c, b, at)
    const flags = b[at + FLAGS]
    if (outcome === Outcome.Flush) {
        startFlush(c, t)
        return undefined
    }
    if (outcome > Outcome.Failed)
        return startMove(c, t, outcome, flags, expected, length)
    endTask(t)
    if (outcome === Outcome.Reply) addReply(c, t.itt, flags, expected)
    else addResponse(c, t.itt, sense, expected)
    return undefined
}

/** Lets the logical unit look at the command. */
function look(c: Conn, b: Buffer, at: number): Outcome {
    const cdb = at + CDB
    const opcode = b[cdb]
    beginRequest(c.port.unit)
    // LUN 0 is eight zero bytes, however it is addressed
    if (b.getAt(at + LUN, "u32") !== 0 || b.getAt(at + LUN + 4, "u32") !== 0)
        return commandForNobody(b, cdb)
    if (c.attention === 0) return command(b, cdb)
    if (opcode !== Scsi.RequestSense && passesAttention(opcode))
        return command(b, cdb)
    const attention = c.attention
    c.attention = 0
    return opcode === Scsi.RequestSense
        ? replySense(attention, b[cdb + 4])
        : fail(attention)
}

/** Data that fit into one PDU, with status. */
function addReply(c: Conn, itt: number, flags: number, expected: number) {
    const wanted = flags & COMMAND_READ ? expected : 0
    let n = replyLength < wanted ? replyLength : wanted
    const limit = agreed(c.sn, MAX_SEND)
    if (n > limit) n = limit
    if (n === 0) {
        addResponse(c, itt, 0, wanted - replyLength)
        return
    }
    const at = addHeader(c, Op.DataIn, FINAL | DATA_IN_STATUS, itt)
    putNoTag(at)
    putResidual(at, expected - replyLength)
    out.blitAt(at + BHS, reply, 0, n)
    addData(at, n)
    countStatus(c)
}

function startFlush(c: Conn, t: Task) {
    t.volume = c.port.unit.volume
    t.residual = 0
    t.flags |= TaskFlag.Forced
    t.seq = flush(t.volume)
    t.state = TaskState.Waiting
    push(c.waiting, t.index)
}

/** Begins to move blocks. */
function startMove(
    c: Conn,
    t: Task,
    outcome: Outcome,
    flags: number,
    expected: number,
    length: number,
): string | undefined {
    t.volume = c.port.unit.volume
    t.lba = lba
    if (isForced) t.flags |= TaskFlag.Forced
    const isWrite = outcome === Outcome.Write
    const direction = isWrite ? COMMAND_WRITE : COMMAND_READ
    const bytes = blocks * 512
    if (outcome === Outcome.Verify) t.blocksLeft = blocks
    else {
        // the initiator's word counts where it moves less than the CDB says
        const limit = flags & direction ? expected : 0
        t.blocksLeft = bytes <= limit ? blocks : limit >> 9
    }
    if (outcome === Outcome.Verify) t.flags |= TaskFlag.Verify
    t.residual = outcome === Outcome.Verify ? expected : expected - bytes
    if (isWrite) return startWrite(c, t, flags, expected, length)
    t.state = TaskState.Reading
    t.readState = ReadState.Idle
    push(c.reads, t.index)
    return undefined
}

function startWrite(
    c: Conn,
    t: Task,
    flags: number,
    expected: number,
    length: number,
): string | undefined {
    const n = c.sn
    // what ends the connection ends the task, too, and gives its credit back
    t.state = TaskState.Receiving
    if (length > 0 && n[IMMEDIATE_DATA] === 0)
        return "immediate data not agreed on"
    const firstBurst = agreed(n, FIRST_BURST)
    if (length > firstBurst) return "immediate data beyond FirstBurstLength"
    if (length > expected) return "more immediate data than expected"
    let unsolicited = 0
    if ((flags & FINAL) === 0) {
        if (n[INITIAL_R2T] !== 0) return "unsolicited data not agreed on"
        unsolicited = firstBurst < expected ? firstBurst : expected
        unsolicited -= length
    }
    t.owed = unsolicited
    if (length > 0) {
        c.sink = Sink.Task
        c.sinkTask = t.index
    } else afterData(c, t)
    return undefined
}
