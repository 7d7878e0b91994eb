/** A W5500 resets by itself. */
import type { Fault } from "./fault.ts"

export const chipReset: Fault = {
    name: "chip-reset",
    family: "chips",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const chip = random.pick(["home", "partner", "link"] as const)
        scene.node(name)[chip].loseReset()
        return { what: `${chip} W5500 of ${name} resets by itself` }
    },
}
