/** A card cannot read a block, once. */
import type { Fault } from "./fault.ts"

export const cardReadError: Fault = {
    name: "card-read-error",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)

        card.faults.readError = true
        return { what: `card of ${name} answers a read with an error token` }
    },
}
