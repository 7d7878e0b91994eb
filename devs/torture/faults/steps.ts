/**
 * Moments after the pair has taken a step in its life: what happens by chance
 * seldom comes just then.
 */
import type { BoardName } from "../../bench/pair.ts"
import type { Random } from "../../sim/random.ts"
import type { Timer } from "../../sim/world.ts"
import { remove, type Scene } from "../scene.ts"

/** What a board says of a step: a card has it, or is about to. */
const STEPS = {
    "goes on alone": /^volume [ab] alone/,
    "mirrors again": /^volume [ab] (?:is a mirror|mirrored again)/,
    "has moved a volume": /^volume [ab] (?:given|is home again|taken)/,
}
/** A volume can be moved, or has been. */
export const MOVES = new RegExp(
    `${STEPS["mirrors again"].source}|${STEPS["has moved a volume"].source}`,
)
/** As many moments soon after a step as late ones. */
const SOONEST_US = 100
const LATEST_US = 100_000

/** @returns a kind of step, for people, and what a board says then */
export function pickStep(random: Random): [string, RegExp] {
    return random.pick(Object.entries(STEPS))
}

export function pickDelayUs(random: Random): number {
    return SOONEST_US * (LATEST_US / SOONEST_US) ** random.unit()
}

/**
 * Calls `act` once, so long after the next such step.
 * @returns what keeps it from being called
 */
export function afterStep(
    scene: Scene,
    step: RegExp,
    delayUs: number,
    act: (board: BoardName) => void,
): () => void {
    let timer: Timer | undefined
    const watch = (board: BoardName, text: string) => {
        if (!step.test(text)) return
        remove(scene.onEvent, watch)
        timer = scene.world.after(delayUs, () => act(board))
    }
    scene.onEvent.push(watch)
    return () => {
        remove(scene.onEvent, watch)
        if (timer) timer.cancelled = true
    }
}
