/** A bit of a W5500's register flips. */
import type { Fault } from "./fault.ts"

/**
 * What these say is where data are in the chip: bytes come from the wrong
 * place, and nothing on the bus could tell.
 */
const WHERE_DATA_ARE = /BUF_SIZE|TX_WR|RX_RD/

export const chipUpset: Fault = {
    name: "chip-upset",
    family: "chips",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const chip = random.pick(["home", "partner", "link"] as const)
        const bit = scene.node(name)[chip].upset(random)
        if (WHERE_DATA_ARE.test(bit)) scene.dataIsForfeit = true
        return { what: `${chip} W5500 of ${name}: ${bit} flips` }
    },
}
