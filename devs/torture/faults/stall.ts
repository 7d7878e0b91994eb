/** A board stands still for longer than its partner is patient. */
import type { Fault } from "./fault.ts"

export const stall: Fault = {
    name: "stall",
    family: "power",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const ms = random.int(20, 400)
        scene.node(name).board.delay(ms * 1000)
        return { what: `${name} stands still for ${ms} ms`, hides: name }
    },
}
