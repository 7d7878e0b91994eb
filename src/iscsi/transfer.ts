/**
 * Data of commands on their way: from PDUs to the pool and the log, and from
 * the card through the pool to PDUs.
 *
 * Data move in pieces of at most eight blocks, a run of the pool each. A write
 * needs its piece before its data come: it is asked for by R2T only then, and
 * what comes unasked waits in the chip until there are blocks.
 */
import { numberOf } from "../drivers/w5500"
import { flush, write } from "../store/log"
import { GROUP, pool } from "../store/pool"
import { cardHasFailed, queueRead, ReadState } from "../store/storage"
import { acknowledgeable, isMarking, safe } from "../store/volume"
import { put24, put32 } from "../wire/bytes"
import {
    BHS,
    BUFFER_OFFSET,
    DATA_IN_STATUS,
    DATA_LENGTH,
    DATA_SN,
    DESIRED_LENGTH,
    FINAL,
    Op,
    R2T_SN,
    STAT_SN,
    TTT,
} from "../wire/iscsi"
import { Sense, SENSE_SIZE } from "../wire/scsi"
import { agreed, Conn, ConnFlag, MAX_SEND, Sink } from "./conn"
import { MAX_DATA, out } from "../net/frames"
import { outLength, roomIn, stream, writeOut } from "../net/out"
import {
    addHeader,
    addResponse,
    addWindow,
    countStatus,
    putNoTag,
    putResidual,
} from "./pdu"
import { NEVER, setNeed } from "./receive"
import {
    giveBlocks,
    isUnclaimed,
    leaveBlocks,
    nextToSolicit,
    postponeSolicit,
    solicit,
    solicitedCame,
    takeBlocks,
    wantSolicit,
} from "./share"
import { count, first, isEmpty, push, remove, second, shift } from "./ring"
import { endTask, returnCredit, Task, TaskFlag, tasks, TaskState } from "./task"

const BLOCK = 512
/** The longest answer without data: a response with sense. */
const ANSWER = BHS + 4 + SENSE_SIZE

/// Writes ///

/** Takes blocks for the next piece of a write. @returns false: none free */
function startPiece(t: Task): boolean {
    const n = t.blocksLeft < GROUP ? t.blocksLeft : GROUP
    if (!takeBlocks(t, n)) return false
    t.filled = 0
    return true
}

/**
 * Takes received data of a write.
 * @returns bytes taken: fewer than `n` while there are no blocks
 */
export function sinkData(c: Conn, b: Buffer, pos: number, n: number): number {
    const t = tasks[c.sinkTask]
    if (t.state !== TaskState.Receiving) {
        // aborted meanwhile
        c.sink = Sink.Discard
        return n
    }
    let used = 0
    while (used < n) {
        if (t.blocksLeft === 0) {
            used = n // more than the command can take
            break
        }
        if (t.run < 0 && !startPiece(t)) {
            c.need = NEVER
            break
        }
        const filled = t.filled
        const size = t.count * BLOCK
        let k = n - used
        if (k > size - filled) k = size - filled
        pool.blitAt(t.run * BLOCK + filled, b, pos + used, k)
        used += k
        t.filled = filled + k
        if (filled + k === size) finishPiece(t)
    }
    t.offset += used
    if (used === c.sinkLeft) afterData(c, t)
    return used
}

/** A piece is complete: it becomes an entry of the log. */
function finishPiece(t: Task) {
    const n = t.count
    t.seq = write(t.volume, t.lba, n, t.run)
    t.run = -1
    t.lba += n
    t.blocksLeft -= n
    solicitedCame(t)
    if (t.blocksLeft === 0 && t.flags & TaskFlag.Forced) flush(t.volume)
}

/** A PDU's data have all come: what does the write need now? */
export function afterData(c: Conn, t: Task) {
    if (t.blocksLeft === 0) {
        if (t.owed > 0) return
        t.state = TaskState.Waiting
        push(c.waiting, t.index)
    } else if (t.owed === 0) wantSolicit(t)
}

/** Asks for the rest of a write's piece. @returns false: it has to wait */
function askForData(c: Conn, t: Task): boolean {
    if (!hasRoom(c)) {
        postponeSolicit(t)
        return false
    }
    if (t.run < 0 && !startPiece(t)) return false
    solicit(t)
    t.owed = t.count * BLOCK - t.filled
    const at = addHeader(c, Op.R2t, FINAL, t.itt)
    out.setAt(at + TTT, "u32", t.index)
    put32(out, at + R2T_SN, t.sn)
    t.sn++
    put32(out, at + BUFFER_OFFSET, t.offset)
    put32(out, at + DESIRED_LENGTH, t.owed)
    // of a port that is held, commands may lie before the data, and leave no
    // room for them in the chip: no interrupt tells that they are read now
    if (c.port.isHeld) c.port.again |= 1 << numberOf(c.socket)
    return true
}

/** Answers the oldest waiting task, if what it waits for has happened. */
function answerWaiting(c: Conn): boolean {
    if (isEmpty(c.waiting)) return false
    const t = tasks[first(c.waiting)]
    const v = t.volume
    const done = t.flags & TaskFlag.Forced ? safe(v) : acknowledgeable(v)
    if (done < t.seq && t.seq !== 0) {
        // with a partner, it will be the one that answers
        if (!cardHasFailed() || !isMarking(v)) return false
        t.sense = Sense.WriteError
    }
    if (!hasRoom(c)) return false
    shift(c.waiting)
    endTask(t)
    addResponse(c, t.itt, t.sense, t.residual)
    return true
}

/// Reads ///

/** What fits into a socket's empty send buffer with its header, in blocks. */
function maxPiece(c: Conn): number {
    const byBuffer = (c.socket.size - BHS) >> 9
    return byBuffer < GROUP ? byBuffer : GROUP
}

/** Hosts' reads from card and log since the start. */
export let readCount = 0

/**
 * Begins to read the next piece of a read. Only when the chip has room for
 * it: it must not hold blocks of the pool for a host that takes nothing.
 */
function startRead(c: Conn, t: Task) {
    let n = maxPiece(c)
    const bySegment = agreed(c.sn, MAX_SEND) >> 9
    if (n > bySegment) n = bySegment
    if (n > t.blocksLeft) n = t.blocksLeft
    if (c.socket.txFree - outLength < BHS + n * BLOCK) {
        c.wantsRoom = true
        leaveBlocks(t)
        return
    }
    if (!takeBlocks(t, n)) return
    readCount++
    queueRead(t)
}

/** Moves the oldest reads on. */
async function serveReads(c: Conn): Promise<boolean> {
    if (isEmpty(c.reads) || !hasRoom(c)) return false
    const t = tasks[first(c.reads)]
    const state = t.readState
    if (state === ReadState.Queued) return false
    if (state === ReadState.Idle) {
        if (t.blocksLeft > 0) {
            startRead(c, t)
            return false
        }
        endRead(c, t)
        return true
    }
    // the card can read for the next command while this one's last data are
    // sent; not before, or they could wait for each other in the queue
    const isLast = t.blocksLeft === t.count
    if (isLast && count(c.reads) > 1 && isUnclaimed()) {
        const next = tasks[second(c.reads)]
        if (next.readState === ReadState.Idle && next.blocksLeft > 0)
            startRead(c, next)
    }
    return await sendPiece(c, t)
}

/** Sends what the card has read. */
async function sendPiece(c: Conn, t: Task): Promise<boolean> {
    const s = c.socket
    const bytes = t.count * BLOCK
    if (t.readState === ReadState.Failed) {
        if (cardHasFailed() && !isMarking(t.volume)) return false
        t.sense = Sense.ReadError
        t.blocksLeft = 0
        t.readState = ReadState.Idle
        endRead(c, t)
        return true
    }
    const isVerify = (t.flags & TaskFlag.Verify) !== 0
    if (!isVerify && s.txFree - outLength < BHS + bytes) {
        c.wantsRoom = true
        return false
    }
    t.readState = ReadState.Idle
    t.lba += t.count
    t.blocksLeft -= t.count
    if (!isVerify) await addDataIn(c, t, bytes)
    giveBlocks(t)
    if (t.blocksLeft > 0) startRead(c, t)
    else endRead(c, t)
    return true
}

/** Adds a piece as Data-In; the last one has the command's status. */
async function addDataIn(c: Conn, t: Task, bytes: number) {
    if (outLength > MAX_DATA - BHS) await writeOut(c.socket)
    const isLast = t.blocksLeft === 0
    if (isLast) returnCredit(t)
    const at = addHeader(
        c,
        Op.DataIn,
        isLast ? FINAL | DATA_IN_STATUS : FINAL,
        t.itt,
    )
    putNoTag(at)
    put24(out, at + DATA_LENGTH, bytes)
    put32(out, at + DATA_SN, t.sn)
    t.sn++
    put32(out, at + BUFFER_OFFSET, t.offset)
    t.offset += bytes
    if (isLast) {
        putResidual(at, t.residual)
        countStatus(c)
    } else out.setAt(at + STAT_SN, "u32", 0)
    await stream(c.socket, pool, t.run * BLOCK, bytes)
}

/** The command's last piece is out, or it has none. */
function endRead(c: Conn, t: Task) {
    remove(c.reads, t.index)
    const isAnswered = t.offset > 0 && t.sense === 0
    endTask(t)
    if (!isAnswered) addResponse(c, t.itt, t.sense, t.residual)
}

/// Both ///

/**
 * Moves on what waits for something other than received bytes: blocks of the
 * pool, the log, the card, or room in the chip.
 * @returns whether anything went on
 */
export async function sendReady(c: Conn): Promise<boolean> {
    let worked = false
    if (c.flags & ConnFlag.TellWindow && hasRoom(c)) {
        c.flags &= ~ConnFlag.TellWindow
        addWindow(c)
    }
    for (;;) {
        const t = nextToSolicit(c)
        if (!t || !askForData(c, t)) break
        worked = true
    }
    while (answerWaiting(c)) worked = true
    while (await serveReads(c)) worked = true
    return worked
}

/**
 * Looks for blocks for data that have come and wait in the chip.
 * @returns whether they may be read now
 */
export function findBlocks(c: Conn): boolean {
    const t = tasks[c.sinkTask]
    if (t.state === TaskState.Receiving && !startPiece(t)) return false
    setNeed(c)
    return true
}

/** Whether the chip has room for an answer. */
function hasRoom(c: Conn): boolean {
    if (roomIn(c.socket) >= ANSWER) return true
    c.wantsRoom = true
    return false
}
