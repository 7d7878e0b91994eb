/** A sector of a card cannot be read any more, or not until it is written. */
import type { Fault } from "./fault.ts"

export const cardBadSector: Fault = {
    name: "card-bad-sector",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { faults } = scene.node(name).card
        const volume = random.int(0, 1)
        const sector = scene.sectorOf(volume, scene.someBlock(random))
        const isWeak = random.chance(0.5)
        if (isWeak) faults.weakSectors = new Set([sector])
        else faults.badSector = sector
        return {
            what:
                `sector ${sector} of ${name} cannot be read` +
                (isWeak ? " until it is written" : ""),
            end: () => {
                if (isWeak) faults.weakSectors = undefined
                else faults.badSector = undefined
            },
        }
    },
}
