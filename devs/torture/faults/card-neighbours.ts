/** A loss of power while programming damages a neighbouring sector. */
import type { Fault } from "./fault.ts"

export const cardNeighbours: Fault = {
    name: "card-neighbours",
    family: "card",
    lastsMs: [2000, 20000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        card.flash.options.neighbourDamage = 1
        return {
            what: `card of ${name} damages neighbours when its power goes`,
            end: () => {
                card.flash.options.neighbourDamage = 0
            },
        }
    },
}
