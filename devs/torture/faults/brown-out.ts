/** The supply dips for some milliseconds, at one board or at both. */
import { BOARD_NAMES } from "../../bench/pair.ts"
import type { Fault } from "./fault.ts"

export const brownOut: Fault = {
    name: "brown-out",
    family: "power",
    lastsMs: [1, 12],
    begin(scene, random) {
        const names = random.chance(0.6)
            ? [scene.pickBoard(random)]
            : BOARD_NAMES
        for (const n of names) scene.node(n).board.setPower(false)
        return {
            what: `brown-out of ${names.join(" and ")}`,
            end: () => {
                for (const n of names) scene.node(n).board.setPower(true)
            },
        }
    },
}
