/** A bit of a W5500's register flips. */
import type { Fault } from "./fault.ts"

export const chipUpset: Fault = {
    name: "chip-upset",
    family: "chips",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const chip = random.pick(["home", "partner", "link"] as const)

        const bit = scene.node(name)[chip].upset(random)
        return { what: `${chip} W5500 of ${name}: ${bit} flips` }
    },
}
