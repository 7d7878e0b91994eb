/** What befalls a pair before a workload's window, or in it. */
import { BOARD_NAMES, other, type BoardName } from "../../bench/pair.ts"
import { ConnectionLost } from "../../initiator/initiator.ts"
import type { Stage } from "./stage.ts"

/** A write in each of the three extents of eight blocks that are used. */
export const THREE_EXTENTS = [
    [0, 4],
    [10, 4],
    [16, 4],
] as const

/** The home of a write is dead: it is not known what became of it. */
export function ifLost(e: unknown) {
    if (!(e instanceof ConnectionLost)) throw e
}

/** Waits for all, whatever becomes of one of them. */
export async function atOnce(actions: Promise<void>[]) {
    for (const done of await Promise.allSettled(actions))
        if (done.status === "rejected") throw done.reason
}

/** One host of each volume logs in. */
export async function comeAll(stage: Stage) {
    for (const volume of BOARD_NAMES) await stage.hostOf(volume).comeBack()
}

/** A board dies; its partner serves both volumes, and has let it go. */
export async function die(stage: Stage, board: BoardName) {
    stage.board(board).setPower(false)
    await stage.untilSaid(other(board), /^took over/)
    await comeAll(stage)
    await stage.untilSaid(other(board), /^fence released/)
}

/** Hosts write what a board that is away does not have. */
export async function writeThree(stage: Stage, volume: BoardName) {
    for (const [lba, blocks] of THREE_EXTENTS)
        await stage.hostOf(volume).write(lba, blocks)
}

/** Board b was away, and is back: three extents of both volumes differ. */
export async function comeBackBehind(stage: Stage) {
    await stage.boot()
    await comeAll(stage)
    await die(stage, "b")
    for (const volume of BOARD_NAMES) await writeThree(stage, volume)
    stage.board("b").setPower(true)
}
