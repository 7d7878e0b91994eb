/** One copy of a card's superblock rots, while the other one is whole. */
import { SUPERBLOCK_LBA } from "../../../src/wire/card.ts"
import { readSuperblock } from "../../card/superblock.ts"
import type { Fault } from "./fault.ts"

export const superblockRot: Fault = {
    name: "superblock-rot",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const copy = random.int(0, 1)
        const copies = readSuperblock(scene.bench.media[name])?.copies
        if (copies !== SUPERBLOCK_LBA.length)
            return { what: `superblock of ${name} has one copy anyway` }
        scene.node(name).card.rot(SUPERBLOCK_LBA[copy], random)
        return { what: `copy ${copy} of the superblock of ${name} rots` }
    },
}
