/** What workloads are made of. */
import type { BoardName } from "../../bench/pair.ts"
import type { Stage } from "./stage.ts"

/** Whose power is cut. */
export type Who = BoardName | "both"
export const WHO: readonly Who[] = ["a", "b", "both"]

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
}
