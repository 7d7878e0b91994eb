/**
 * Who gets blocks of the pool, and in which order: first come, first served,
 * over all sessions. Two rules keep sessions from waiting for each other for
 * ever:
 *
 * - Who waits in a queue can go on as soon as it is first; who cannot, because
 *   its host takes nothing, leaves the queue.
 * - Data that were asked for by R2T come behind whatever the host sent before,
 *   and that may wait for blocks itself. So they never get all of the groups.
 */
import { giveRun, own, OWN_GROUPS, takeRun } from "../store/pool"
import { numberOf } from "../drivers/w5500"
import { Conn } from "./conn"
import { first, isEmpty, makeRing, push, remove, Ring, shift } from "./ring"
import { Task, TaskFlag, tasks } from "./task"

/** Pieces at once whose data were asked for by R2T; a login's text is one. */
const MAX_SOLICITED = OWN_GROUPS - 1

/** Tasks that could not get blocks, as task numbers. */
const blockQueue = makeRing()
/** Writes that want an R2T. */
const solicitQueue = makeRing()
let solicited = 0

/** Takes blocks for a task's next piece, or a place in the queue. */
export function takeBlocks(t: Task, count: number): boolean {
    const isQueued = (t.flags & TaskFlag.WantsBlocks) !== 0
    const isTurn =
        !isCopyNext && (isEmpty(blockQueue) || first(blockQueue) === t.index)
    const run = isTurn ? takeRun(own, count) : -1
    if (run < 0) {
        if (!isQueued) push(blockQueue, t.index)
        t.flags |= TaskFlag.WantsBlocks
        return false
    }
    t.run = run
    t.count = count
    servedBeside = true
    if (isCopyWaiting && ++tasksServed >= TASKS_PER_COPY) isCopyNext = true
    if (isQueued) leaveBlocks(t)
    return true
}

/**
 * The copying that brings the partner up to date wants blocks, too. As long as
 * it waits for them, it gets every third run: the longest ones there are, and
 * hosts shall keep more than half of the board. It has one run at a time, and
 * what hosts get while it is being read does not count: beside many hosts that
 * is one or two more, and the copying has a fourth of all blocks.
 */
const TASKS_PER_COPY = 2
let tasksServed = 0
let isCopyWaiting = false
/** The last run for the copying had to wait for its turn. */
export let copyHadToWait = false
/** A task was served since. */
export let servedBeside = false
let isCopyNext = false

/** @returns the first block of a run, or -1: it is not its turn yet */
export function takeForCopy(count: number): number {
    const isTurn = isCopyNext || isEmpty(blockQueue)
    const run = isTurn ? takeRun(own, count) : -1
    isCopyWaiting = run < 0
    if (run >= 0) {
        servedBeside = false
        copyHadToWait = isCopyNext
        isCopyNext = false
        tasksServed = 0
    }
    return run
}

/** Nothing is to be copied any more. */
export function leaveCopyQueue() {
    isCopyWaiting = isCopyNext = false
    callFirst(blockQueue)
}

/** Gives back what a task has taken. */
export function giveBlocks(t: Task) {
    giveRun(own, t.run, t.count)
    t.run = -1
    callFirst(blockQueue)
}

/**
 * Takes blocks for a login's text that comes in pieces. Nobody knows when the
 * next one comes: so it counts as data that were asked for.
 * @returns the first block of a run, or -1: no room now
 */
export function takeForText(count: number): number {
    if (solicited === MAX_SOLICITED) return -1
    const run = takeRun(own, count)
    if (run >= 0) solicited++
    return run
}

/** Gives them back. */
export function giveText(run: number, count: number) {
    giveRun(own, run, count)
    solicited--
    callFirst(blockQueue)
    callFirst(solicitQueue)
}

/** Whether blocks can be taken without a place in the queue. */
export function isUnclaimed(): boolean {
    return isEmpty(blockQueue)
}

/** The task cannot use blocks now, or has them. */
export function leaveBlocks(t: Task) {
    if ((t.flags & TaskFlag.WantsBlocks) === 0) return
    t.flags &= ~TaskFlag.WantsBlocks
    remove(blockQueue, t.index)
    callFirst(blockQueue)
}

/** The write needs data that have to be asked for. */
export function wantSolicit(t: Task) {
    t.flags |= TaskFlag.WantsR2t
    push(solicitQueue, t.index)
}

/** The write that is to be asked for next, if it is this connection's. */
export function nextToSolicit(c: Conn): Task | undefined {
    if (isEmpty(solicitQueue) || solicited === MAX_SOLICITED) return undefined
    const t = tasks[first(solicitQueue)]
    return t.conn === c ? t : undefined
}

/** An R2T cannot be sent now: others first. */
export function postponeSolicit(t: Task) {
    leaveBlocks(t)
    shift(solicitQueue)
    push(solicitQueue, t.index)
    callFirst(solicitQueue)
}

/** The R2T is sent: its data are on their way. */
export function solicit(t: Task) {
    leaveSolicit(t)
    t.flags |= TaskFlag.Solicited
    solicited++
}

/** The data that were asked for have come. */
export function solicitedCame(t: Task) {
    if ((t.flags & TaskFlag.Solicited) === 0) return
    t.flags &= ~TaskFlag.Solicited
    solicited--
    callFirst(solicitQueue)
}

function leaveSolicit(t: Task) {
    if ((t.flags & TaskFlag.WantsR2t) === 0) return
    t.flags &= ~TaskFlag.WantsR2t
    remove(solicitQueue, t.index)
    callFirst(solicitQueue)
}

/** The task ends: it waits for nothing any more. */
export function leaveQueues(t: Task) {
    leaveBlocks(t)
    leaveSolicit(t)
    solicitedCame(t)
}

/** Has the connection looked after that is first now. */
function callFirst(queue: Ring) {
    if (isEmpty(queue)) return
    const c = tasks[first(queue)].conn
    c.port.again |= 1 << numberOf(c.socket)
}
