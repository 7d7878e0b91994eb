/** A card says that it has written, and has not. */
import type { Fault } from "./fault.ts"

export const cardLostWrite: Fault = {
    name: "card-lost-write",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        card.faults.lostWrite = true
        return {
            what: `card of ${name} loses a write`,
            end: () => {
                card.faults.lostWrite = undefined
            },
        }
    },
}
