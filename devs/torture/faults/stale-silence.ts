/** The W5500s do not answer segments of connections they do not know. */
import { BOARD_NAMES } from "../../bench/pair.ts"
import type { Fault } from "./fault.ts"

export const staleSilence: Fault = {
    name: "stale-silence",
    family: "lan",
    lastsMs: [2000, 15000],
    begin(scene) {
        const chips = BOARD_NAMES.flatMap(n => {
            const { home, partner } = scene.node(n)
            return [home, partner]
        })
        for (const c of chips) c.answersStale = false
        return {
            what: "stale segments get no answer",
            end: () => {
                for (const c of chips) c.answersStale = true
            },
        }
    },
}
