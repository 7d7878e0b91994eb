/**
 * Where fibers meet: the main loop waits here, and whoever has done something
 * that lets a session go on wakes it.
 */
import * as ds from "@devicescript/core"
import { Board } from "../board/board"

/** An idle board looks after its own housekeeping at least so often. */
const IDLE_MS = 5

let board: Board
/** Something has happened since the main loop last looked. */
let hasHappened = false
/** The main loop, while it lets the card's fiber have the bus. */
let yielding: ds.Fiber | undefined

export function startProgress(b: Board) {
    board = b
}

/** Blocks were freed, or a log or a read has moved on. */
export function progress() {
    hasHappened = true
    wakeMain()
}

/** Lets the main loop go round once more. */
export function wakeMain() {
    if (!yielding) {
        board.wake()
        return
    }
    const fiber = yielding
    yielding = undefined
    fiber.resume(0)
}

/** Whether there was progress since the last call. */
export function takeProgress(): boolean {
    const happened = hasHappened
    hasHappened = false
    return happened
}

/**
 * Ends a round of the main loop that had nothing to do.
 * @param isCardBusy the card's fiber has work: rather than to look at chips
 * that have no news, wait until it waits itself
 */
export async function pause(isCardBusy: boolean) {
    if (hasHappened) return
    if (!isCardBusy) {
        await board.idle(IDLE_MS)
        return
    }
    yielding = ds.Fiber.self()
    await ds.suspend(IDLE_MS)
    yielding = undefined
}
