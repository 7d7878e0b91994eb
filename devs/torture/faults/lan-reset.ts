/** Connections of hosts are reset, by segments that nobody sent. */
import type { PacketFault } from "../../bench/net/ethernet.ts"
import { remove } from "../scene.ts"
import type { Fault } from "./fault.ts"

export const lanReset: Fault = {
    name: "lan-reset",
    family: "lan",
    lastsMs: [1, 300],
    begin(scene, random) {
        const reset: PacketFault = p => {
            if (p.kind !== "tcp" || p.syn || !random.chance(0.1)) return p
            return { ...p, rst: true, data: p.data.subarray(0, 0) }
        }
        scene.onLan.push(reset)
        return {
            what: "LAN connections reset",
            end: () => remove(scene.onLan, reset),
        }
    },
}
