/** The link's connection is reset, by a segment that nobody sent. */
import type { PacketFault } from "../../bench/net/ethernet.ts"
import { remove } from "../scene.ts"
import type { Fault } from "./fault.ts"

export const linkReset: Fault = {
    name: "link-reset",
    family: "link",
    begin(scene) {
        let isDone = false
        const reset: PacketFault = p => {
            if (isDone || p.kind !== "tcp" || p.syn || !p.data.length) return p
            isDone = true
            return { ...p, rst: true, data: p.data.subarray(0, 0) }
        }
        scene.onCable.push(reset)
        return {
            what: "link connection reset",
            end: () => remove(scene.onCable, reset),
        }
    },
}
