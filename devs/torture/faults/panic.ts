/** The firmware of a board panics, and starts again 5 s later. */
import type { Fault } from "./fault.ts"

export const panic: Fault = {
    name: "panic",
    family: "power",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        scene.node(name).board.crash()
        return { what: `${name} panics` }
    },
}
