/** What workloads are made of. */
import type { BoardName } from "../../bench/pair.ts"
import type { Stage } from "./stage.ts"

/** Whose power is cut. */
export type Who = BoardName | "both"
export const WHO: readonly Who[] = ["a", "b", "both"]

/**
 * How the power comes back when the survivor, if there is one, has served:
 * the survivor loses its power, too, and both get it at once; the survivor goes
 * on; or it loses its power, and the other one has its own for a while before.
 */
export type Return = "together" | "stays" | "stale-first"
export const RETURNS: readonly Return[] = ["together", "stays", "stale-first"]

export interface Workload {
    name: string
    about: string
    /** the cards at its beginning: blank, or used and stopped in good order */
    cards: "blank" | "used"
    who: readonly Who[]
    /** what comes before the window; none: both boards are without power */
    prepare?(stage: Stage): Promise<void>
    /** the power is cut before each SPI transfer that is made in here */
    window(stage: Stage): Promise<void>
    /**
     * one cut after the other has one of them; without it, the survivor of a
     * pair loses its power, and any other goes on
     */
    returns?: readonly Return[]
    /** what an operator does when both boards have their power again */
    operate?(stage: Stage): void
}
