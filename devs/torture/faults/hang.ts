/** A board hangs; its W5500s go on acknowledging. */
import type { Fault } from "./fault.ts"

export const hang: Fault = {
    name: "hang",
    family: "power",
    lastsMs: [300, 10000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { board } = scene.node(name)
        board.setHung(true)
        return {
            what: `${name} hangs`,
            hides: name,
            end: () => {
                if (board.isHung) board.reset()
            },
        }
    },
}
