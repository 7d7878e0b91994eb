/** A board and all of its chips stand still, as with a dead clock. */
import type { Fault } from "./fault.ts"

export const hangSilent: Fault = {
    name: "hang-silent",
    family: "power",
    lastsMs: [300, 10000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { board, home, partner, link } = scene.node(name)
        const chips = [home, partner, link]
        board.setHung(true)
        for (const c of chips) c.silent = true
        return {
            what: `${name} and its chips stand still`,
            hides: name,
            end: () => {
                for (const c of chips) c.silent = false
                if (board.isHung) board.reset()
            },
        }
    },
}
