/** The link loses packets. */
import type { PacketFault } from "../../bench/net/ethernet.ts"
import { remove } from "../scene.ts"
import type { Fault } from "./fault.ts"

export const linkLoss: Fault = {
    name: "link-loss",
    family: "link",
    lastsMs: [100, 4000],
    begin(scene, random) {
        const chance = random.pick([0.01, 0.1, 0.5])
        const lose: PacketFault = p => (random.chance(chance) ? undefined : p)
        scene.onCable.push(lose)
        return {
            what: `link loses ${chance * 100} % of its packets`,
            end: () => remove(scene.onCable, lose),
        }
    },
}
