/** A card is pulled out. */
import type { Fault } from "./fault.ts"

export const cardRemoved: Fault = {
    name: "card-removed",
    family: "card",
    lastsMs: [50, 8000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        card.present = false
        return {
            what: `card of ${name} pulled out`,
            end: () => {
                card.present = true
            },
        }
    },
}
