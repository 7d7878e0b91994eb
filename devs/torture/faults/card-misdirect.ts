/** A card writes a block to the wrong place. */
import type { Fault } from "./fault.ts"

export const cardMisdirect: Fault = {
    name: "card-misdirect",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        const volume = random.int(0, 1)
        const sector = scene.sectorOf(volume, scene.someBlock(random))
        card.faults.misdirect = sector
        return {
            what: `card of ${name} writes a block to sector ${sector}`,
            end: () => {
                card.faults.misdirect = undefined
            },
        }
    },
}
