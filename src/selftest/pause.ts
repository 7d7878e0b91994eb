/** Waiting, as a board may: never with all its fibers asleep. */
import * as ds from "@devicescript/core"
import { Board } from "../board/board"

/** How often what is waited for is looked at. */
const LOOK_MS = 10

let board: Board

export function startPauses(b: Board) {
    board = b
}

/**
 * Lets time pass. A Pico that only sleeps may miss its alarm: `idle` keeps its
 * bus busy.
 */
export async function pause(ms: number) {
    const since = ds.millis()
    for (;;) {
        const left = ms - (ds.millis() - since)
        if (left <= 0) return
        await board.idle(left < LOOK_MS ? left : LOOK_MS)
    }
}

/** Waits until something is so. @returns whether it is, in time */
export async function until(
    isSo: () => boolean,
    limitMs: number,
): Promise<boolean> {
    const since = ds.millis()
    while (!isSo()) {
        if (ds.millis() - since >= limitMs) return false
        await pause(LOOK_MS)
    }
    return true
}
