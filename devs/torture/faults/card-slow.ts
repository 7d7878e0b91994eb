/** A card is worn out: everything takes longer. */
import type { Fault } from "./fault.ts"

export const cardSlow: Fault = {
    name: "card-slow",
    family: "card",
    lastsMs: [500, 20000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        const times = random.pick([3, 10, 40])
        card.faults.slowFactor = times
        scene.slowestCard = Math.max(scene.slowestCard, times)
        return {
            what: `card of ${name} ${times} times slower`,
            end: () => {
                card.faults.slowFactor = undefined
            },
        }
    },
}
