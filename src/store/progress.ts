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
export let hasProgress = false
/** The main loop, while it lets the card's fiber have the bus. */
let yielding: ds.Fiber | undefined

export function startProgress(b: Board) {
    board = b
}

/** Blocks were freed, or a log or a read has moved on: the main loop goes on. */
export function progress() {
    hasProgress = true
    if (yielding) stopYielding()
    else board.wake()
}

/** The main loop itself has moved a log on: it goes round once more. */
export function ownProgress() {
    hasProgress = true
}

/** The card's fiber needs no bus for a while: the main loop may have it. */
export function stopYielding() {
    if (!yielding) return
    const fiber = yielding
    yielding = undefined
    fiber.resume(0)
}

/** The main loop looks at what has happened. */
export function takeProgress() {
    hasProgress = false
}

/** Waits for news of chips or wires, or for progress. */
export async function idle() {
    if (!hasProgress) await board.idle(IDLE_MS)
}

/** Waits for a millisecond, or less, while there is something to be watched. */
export async function idleBriefly() {
    await board.idle(1)
}

/** Lets the card's fiber have the bus until it waits itself. */
export async function yieldBus() {
    if (hasProgress) return
    yielding = ds.Fiber.self()
    await ds.suspend(IDLE_MS)
    yielding = undefined
}
