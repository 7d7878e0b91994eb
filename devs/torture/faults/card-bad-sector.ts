/** A sector of a card cannot be read any more. */
import type { Fault } from "./fault.ts"

export const cardBadSector: Fault = {
    name: "card-bad-sector",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        const volume = random.int(0, 1)
        const sector = scene.sectorOf(volume, scene.someBlock(random))
        card.faults.badSector = sector
        return {
            what: `sector ${sector} of ${name} cannot be read`,
            end: () => {
                card.faults.badSector = undefined
            },
        }
    },
}
