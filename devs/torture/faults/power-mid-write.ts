/** A board loses its power while a write of its is on the link. */
import type { PacketFault } from "../../bench/net/ethernet.ts"
import { remove } from "../scene.ts"
import type { Fault } from "./fault.ts"

/** Only writes have segments so long. */
const LONG_BYTES = 1000
/** 4 KiB take 0.36 ms on the cable. */
const SOON_US = 400

export const powerMidWrite: Fault = {
    name: "power-mid-write",
    family: "power",
    lastsMs: [200, 8000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { board, link } = scene.node(name)
        const watch: PacketFault = (packet, from) => {
            const isWrite =
                from === link &&
                packet.kind === "tcp" &&
                packet.data.length >= LONG_BYTES
            if (isWrite) {
                remove(scene.onCable, watch)
                scene.world.after(random.int(1, SOON_US), () =>
                    board.setPower(false),
                )
            }
            return packet
        }
        scene.onCable.push(watch)
        return {
            what: `power of ${name} off in the midst of its next mirrored write`,
            end: () => {
                remove(scene.onCable, watch)
                board.setPower(true)
            },
        }
    },
}
