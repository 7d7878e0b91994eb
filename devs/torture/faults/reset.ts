/** Somebody touches the reset button. */
import type { Fault } from "./fault.ts"

export const reset: Fault = {
    name: "reset",
    family: "power",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        scene.node(name).board.reset()
        return { what: `reset of ${name}` }
    },
}
