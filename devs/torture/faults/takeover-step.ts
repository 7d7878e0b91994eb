/**
 * An operator who changes his mind: at each step of the pair, moments later, a
 * board is told to move a volume once more.
 */
import { BOARD_NAMES, other, type BoardName } from "../../bench/pair.ts"
import type { Fault } from "./fault.ts"
import { afterStep, MOVES, pickDelayUs } from "./steps.ts"

/** The other board has something to move more seldom. */
const PARTNERS_SHARE = 0.3

export const takeoverStep: Fault = {
    name: "takeover-step",
    family: "operator",
    lastsMs: [2000, 20000],
    begin(scene, random) {
        let stop: () => void
        const next = () => {
            stop = afterStep(scene, MOVES, pickDelayUs(random), move)
        }
        const move = (board: BoardName) => {
            const isPartner = random.chance(PARTNERS_SHARE)
            const name = isPartner ? other(board) : board
            const { serves } = scene.bench.consoles[name].status
            scene.command(name, serves === name ? "takeover" : "giveback")
            next()
        }
        next()
        return {
            what: "at each step of the pair, a board is told to move a volume",
            end: () => {
                stop()
                for (const name of BOARD_NAMES) scene.command(name, "giveback")
            },
        }
    },
}
