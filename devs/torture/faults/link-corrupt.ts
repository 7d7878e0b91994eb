/**
 * The link changes bytes, and no checksum of Ethernet or TCP sees it. Of data,
 * only such as tell whose block they are: it is not checked any more.
 */
import type { PacketFault } from "../../bench/net/ethernet.ts"
import { isBlankAt, ownerAt } from "../blocks.ts"
import { remove } from "../scene.ts"
import type { Fault } from "./fault.ts"

export const linkCorrupt: Fault = {
    name: "link-corrupt",
    family: "link",
    lastsMs: [50, 2000],
    begin(scene, random) {
        const chance = random.pick([0.003, 0.03, 0.3])
        const corrupt: PacketFault = p => {
            if (p.kind !== "tcp" || !p.data.length || !random.chance(chance))
                return p
            const data = Uint8Array.from(p.data)
            const at = random.int(0, data.length - 1)
            // the link has no check of data, and nobody could tell whose it was
            if (isBlankAt(data, at)) return p
            const owner = ownerAt(p.data, at)
            if (owner) scene.history.taint(owner.volume, owner.lba)
            data[at] ^= 1 << random.int(0, 7)
            return { ...p, data }
        }
        scene.onCable.push(corrupt)
        return {
            what: `link changes a bit in ${chance * 100} % of its packets`,
            end: () => remove(scene.onCable, corrupt),
        }
    },
}
