/** Commands under way: a fixed table of tasks, and credits for new ones. */
import { numberOf } from "../drivers/w5500"
import { own } from "../store/pool"
import { ReadJob, ReadState } from "../store/storage"
import { increment32 } from "../wire/bytes"
import { EXP_CMD_SN, MAX_CMD_SN, STAT_SN } from "../wire/iscsi"
import { Conn, ConnFlag, Sink } from "./conn"
import { Port } from "./port"
import { giveBlocks, leaveQueues } from "./share"

export const TASKS = 12
/** Commands of one session at once, at most. */
const MAX_WINDOW = 8
/** Sessions at once: the sockets of both ports. */
const SESSIONS = 8

export enum TaskState {
    Free = 0,
    /** a write whose data are still coming */
    Receiving,
    /** a write, or a cache flush, that waits for its log entries */
    Waiting,
    /** a read that waits for blocks of the pool, or for the card */
    Reading,
    /** aborted: gone as soon as the card lets go of it */
    Aborted,
}

/** `Task.flags` */
export enum TaskFlag {
    /** the connection is gone */
    Orphan = 1,
    /** a read whose data nobody gets: VERIFY */
    Verify = 2,
    /** wait until the data survive a loss of all power */
    Forced = 4,
    /** what is owed was asked for by R2T */
    Solicited = 8,
    /** is in the queue for blocks of the pool */
    WantsBlocks = 16,
    /** is in the queue for an R2T */
    WantsR2t = 32,
    /** its session has its credit back */
    Returned = 64,
}

export interface Task extends ReadJob {
    index: number
    state: TaskState
    conn: Conn
    flags: number
    /** initiator task tag, as it stands in the PDU */
    itt: number
    /** bytes that the initiator expects more than the command moves */
    residual: number
    /** bytes of data that have come or gone */
    offset: number
    /** blocks from `lba` on that have not gone to the log, or come from it */
    blocksLeft: number
    /** bytes in the piece that is being filled, of a write. Not `fill`: the name
     * alone would bring `Array.fill` into the program */
    filled: number
    /** bytes that the initiator may still send, or was asked for by R2T */
    owed: number
    /** R2TSN of a write, DataSN of a read */
    sn: number
    /** wait for log entries up to this one */
    seq: number
    /** `Sense` of a failure that is reported when all data have come */
    sense: number
}

export const tasks: Task[] = []

/** Tasks that are neither in use nor promised to a session. */
let credits = TASKS
/** Tasks that are aborted and not yet gone. */
let aborted = 0

export function makeTasks() {
    for (let i = 0; i < TASKS; ++i)
        tasks.push({
            index: i,
            state: TaskState.Free,
            conn: undefined as any,
            flags: 0,
            volume: undefined as any,
            itt: 0,
            residual: 0,
            offset: 0,
            lba: 0,
            blocksLeft: 0,
            run: -1,
            count: 0,
            filled: 0,
            owed: 0,
            sn: 0,
            seq: 0,
            sense: 0,
            readState: ReadState.Idle,
        })
}

/// Credits: MaxCmdSN promises no more commands than there are tasks ///

/** Tasks that no session has a claim on. */
export function freeTasks(): number {
    return credits
}

let sessions = 0
/** Commands of one session at once: what each gets when all want many. */
let share = MAX_WINDOW
/** One credit is kept for each session that may still come... */
let kept = SESSIONS
/** ...and one for commands that need no promise, for immediate delivery. */
const IMMEDIATE = 1

function countSessions(change: number) {
    sessions += change
    kept = SESSIONS - sessions
    share = sessions > 1 ? Math.idiv(TASKS, sessions) : TASKS
    if (share > MAX_WINDOW) share = MAX_WINDOW
}

/**
 * Opens a session's window: at least one command.
 * @returns false: there are no tasks for one more session
 */
export function openWindow(c: Conn): boolean {
    if (credits === 0) return false
    countSessions(1)
    c.flags |= ConnFlag.HasWindow
    credits--
    c.granted = 1
    // one command: MaxCmdSN is ExpCmdSN
    c.sn.blitAt(MAX_CMD_SN - STAT_SN, c.sn, EXP_CMD_SN - STAT_SN, 4)
    widenWindow(c, c.taskCount)
    return true
}

/**
 * Promises the session more commands, if there are tasks, and if the pool has
 * blocks for their data: the fuller it is, the fewer. One is always promised
 * or under way, unless the port is held.
 * @param running its commands that are under way
 */
function widenWindow(c: Conn, running: number) {
    // a port that is held takes what was promised, and comes to its end
    if (c.port.isHeld) return
    const byPool = 2 + (own.freeBlocks >> 2)
    let used = c.granted + running
    while (
        credits > 0 &&
        (used === 0 ||
            (c.granted < byPool && used < share && credits > kept + IMMEDIATE))
    ) {
        credits--
        c.granted++
        used++
        increment32(c.sn, MAX_CMD_SN - STAT_SN)
    }
}

/** Gives back what a session was promised. */
export function closeWindow(c: Conn) {
    if ((c.flags & ConnFlag.HasWindow) === 0) return
    c.flags &= ~ConnFlag.HasWindow
    countSessions(-1)
    credits += c.granted
    c.granted = 0
}

/**
 * Takes a task for a command.
 * @param isPromised the command used up one of the session's credits
 */
export function takeTask(c: Conn, isPromised: boolean): Task | undefined {
    if (isPromised) c.granted--
    else if (credits <= kept) return undefined
    else credits--
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.state === TaskState.Free) {
            t.conn = c
            t.flags = 0
            t.run = -1
            t.offset = 0
            t.sense = 0
            t.owed = 0
            t.sn = 0
            c.taskCount++
            return t
        }
    }
    return undefined
}

export function isOrphan(t: Task): boolean {
    return (t.flags & TaskFlag.Orphan) !== 0
}

/**
 * Gives a task's credit back to its session. Before the answer is made, which
 * tells of it: a host whose window is closed hears of nothing else.
 */
export function returnCredit(t: Task) {
    t.flags |= TaskFlag.Returned
    credits++
    widenWindow(t.conn, t.conn.taskCount - 1)
}

/** Ends a task, before it is answered or with its last data. */
export function endTask(t: Task) {
    const c = t.conn
    leaveQueues(t)
    if (t.run >= 0) giveBlocks(t)
    t.state = TaskState.Free
    if (isOrphan(t)) {
        credits++
        return
    }
    if ((t.flags & TaskFlag.Returned) === 0) returnCredit(t)
    c.taskCount--
}

/** Ends a task without an answer. */
export function abortTask(t: Task) {
    const c = t.conn
    if (!isOrphan(t) && c.sink === Sink.Task && c.sinkTask === t.index) {
        // its data are still coming: they must not end in another's task
        c.sink = Sink.Discard
        c.need = 1
    }
    // a queued read may write to its run: the run is given back after it
    if (t.readState === ReadState.Queued) {
        t.state = TaskState.Aborted
        aborted++
    } else endTask(t)
}

/** Whether the initiator has to send data of a write. */
export function owesData(c: Conn): boolean {
    if (c.taskCount === 0) return false
    if (c.sink === Sink.Task) return true
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.conn === c && t.state === TaskState.Receiving && t.owed > 0)
            return true
    }
    return false
}

/** Ends all tasks of a connection that is gone. */
export function orphanTasks(c: Conn) {
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.conn !== c || isOrphan(t) || t.state === TaskState.Free) continue
        t.flags |= TaskFlag.Orphan
        abortTask(t)
    }
    c.taskCount = 0
}

/** The window has moved without an answer that tells of it. */
function tellWindow(c: Conn) {
    c.flags |= ConnFlag.TellWindow
    c.wantsRoom = true
    c.port.again |= 1 << numberOf(c.socket)
}

/** The port's sessions were held, and go on: they have a command at least. */
export function reopenWindows(port: Port) {
    for (let i = 0; i < port.sessions.length; ++i) {
        const c = port.sessions[i]
        widenWindow(c, c.taskCount)
        tellWindow(c)
    }
}

/** Ends aborted tasks whose reads are over. */
export function reapTasks() {
    if (aborted === 0) return
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.state === TaskState.Aborted && t.readState !== ReadState.Queued) {
            t.readState = ReadState.Idle
            aborted--
            endTask(t)
            tellWindow(t.conn)
        }
    }
}
