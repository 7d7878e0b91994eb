/** A bit of a card changes by itself. */
import { SUPERBLOCK_LBA } from "../../../src/wire/card.ts"
import type { Fault } from "./fault.ts"

export const cardRot: Fault = {
    name: "card-rot",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        const volume = random.int(0, 1)
        const sector = random.chance(0.9)
            ? scene.sectorOf(volume, scene.someBlock(random))
            : random.pick(SUPERBLOCK_LBA)
        scene.sectorIsDamaged(sector)
        card.rot(sector, random)
        return { what: `sector ${sector} of ${name} rots` }
    },
}
