/** A W5500 loses its IP address. */
import type { Fault } from "./fault.ts"

export const chipAddress: Fault = {
    name: "chip-address",
    family: "chips",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const chip = random.pick(["home", "partner", "link"] as const)
        scene.node(name)[chip].loseAddress()
        return { what: `${chip} W5500 of ${name} loses its address` }
    },
}
