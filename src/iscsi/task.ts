/** Commands under way: a fixed table of tasks, and credits for new ones. */
import { giveRun, own } from "../store/pool"
import { ReadJob, ReadState } from "../store/storage"
import { increment32 } from "../wire/bytes"
import { EXP_CMD_SN, MAX_CMD_SN, STAT_SN } from "../wire/iscsi"
import { Conn, Sink } from "./conn"

export const TASKS = 12
/** Commands of one session at once. */
const MAX_WINDOW = 8

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

export interface Task extends ReadJob {
    index: number
    state: TaskState
    conn: Conn
    /** the connection is gone */
    isOrphan: boolean
    /** initiator task tag, as it stands in the PDU */
    itt: number
    /** bytes that the initiator expects more than the command moves */
    residual: number
    /** a read whose data nobody gets: VERIFY */
    isVerify: boolean
    /** bytes of data that have come or gone */
    offset: number
    /** blocks from `lba` on that have not gone to the log, or come from it */
    blocksLeft: number
    /** bytes in the piece that is being filled, of a write */
    fill: number
    /** bytes that the initiator may still send unasked */
    unsolicited: number
    /** bytes asked for by R2T that have not come */
    solicited: number
    /** R2TSN of a write, DataSN of a read */
    sn: number
    /** wait until the data survive a loss of all power */
    isForced: boolean
    /** wait for log entries up to this one */
    seq: number
    /** `Sense` of a failure that is reported when all data have come */
    sense: number
}

export const tasks: Task[] = []

/** Tasks that are neither in use nor promised to a session. */
let credits = TASKS

export function makeTasks() {
    for (let i = 0; i < TASKS; ++i)
        tasks.push({
            index: i,
            state: TaskState.Free,
            conn: undefined as any,
            isOrphan: false,
            volume: undefined as any,
            itt: 0,
            residual: 0,
            isVerify: false,
            offset: 0,
            lba: 0,
            blocksLeft: 0,
            run: -1,
            count: 0,
            fill: 0,
            unsolicited: 0,
            solicited: 0,
            sn: 0,
            isForced: false,
            seq: 0,
            sense: 0,
            readState: ReadState.Idle,
        })
}

/// Credits: MaxCmdSN promises no more commands than there are tasks ///

/**
 * Opens a session's window: at least one command.
 * @returns false: there are no tasks for one more session
 */
export function openWindow(c: Conn): boolean {
    if (credits === 0) return false
    credits--
    c.granted = 1
    // one command: MaxCmdSN is ExpCmdSN
    c.sn.blitAt(MAX_CMD_SN - STAT_SN, c.sn, EXP_CMD_SN - STAT_SN, 4)
    widenWindow(c)
    return true
}

/**
 * Promises the session more commands, if there are tasks, and if the pool has
 * blocks for their data: the fuller it is, the fewer.
 */
function widenWindow(c: Conn) {
    const byPool = 2 + (own.freeBlocks >> 2)
    const wanted = byPool < MAX_WINDOW ? byPool : MAX_WINDOW
    while (c.granted < wanted && credits > 0) {
        credits--
        c.granted++
        increment32(c.sn, MAX_CMD_SN - STAT_SN)
    }
}

/** Gives back what a session was promised. */
export function closeWindow(c: Conn) {
    credits += c.granted
    c.granted = 0
}

/**
 * Takes a task for a command.
 * @param isPromised the command used up one of the session's credits
 */
export function takeTask(c: Conn, isPromised: boolean): Task | undefined {
    if (isPromised) c.granted--
    else if (credits === 0) return undefined
    else credits--
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.state === TaskState.Free) {
            t.conn = c
            t.isOrphan = false
            t.run = -1
            t.offset = 0
            t.sense = 0
            t.isForced = false
            t.unsolicited = 0
            t.solicited = 0
            t.sn = 0
            t.isVerify = false
            c.taskCount++
            return t
        }
    }
    return undefined
}

/** Ends a task; its credit goes to its session first. */
export function endTask(t: Task) {
    const c = t.conn
    if (t.run >= 0) giveRun(own, t.run, t.count)
    t.run = -1
    t.state = TaskState.Free
    if (t.isOrphan) {
        credits++
        return
    }
    c.taskCount--
    c.granted++
    increment32(c.sn, MAX_CMD_SN - STAT_SN)
    widenWindow(c)
}

/** Ends a task without an answer. */
export function abortTask(t: Task) {
    const c = t.conn
    if (!t.isOrphan && c.sink === Sink.Task && c.sinkTask === t.index) {
        // its data are still coming: they must not end in another's task
        c.sink = Sink.Discard
        c.need = 1
    }
    // a queued read may write to its run: the run is given back after it
    if (t.readState === ReadState.Queued) t.state = TaskState.Aborted
    else endTask(t)
}

/** Ends all tasks of a connection that is gone. */
export function orphanTasks(c: Conn) {
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.conn !== c || t.isOrphan || t.state === TaskState.Free) continue
        t.isOrphan = true
        abortTask(t)
    }
    c.taskCount = 0
}

/** Ends aborted tasks whose reads are over. */
export function reapTasks() {
    for (let i = 0; i < TASKS; ++i) {
        const t = tasks[i]
        if (t.state === TaskState.Aborted && t.readState !== ReadState.Queued) {
            t.readState = ReadState.Idle
            endTask(t)
        }
    }
}
