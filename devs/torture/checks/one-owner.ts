/** No two W5500s have one address and are awake. */
import type { PacketFault, Station } from "../../bench/net/ethernet.ts"
import { ipText } from "../../bench/net/ethernet.ts"
import { BOARD_NAMES } from "../../bench/pair.ts"
import type { Check } from "./check.ts"

export const oneOwner: Check = {
    name: "one-owner",
    promise: "never two boards answer for one address",
    watch(scene) {
        const ports = BOARD_NAMES.flatMap(name => {
            const { home, partner } = scene.node(name)
            return [
                { name: `${name}'s home port`, chip: home },
                { name: `${name}'s partner port`, chip: partner },
            ]
        })
        const found = new Set<string>()
        const look: PacketFault = (packet, from: Station) => {
            if (from.ip === 0) return packet
            for (const { name, chip } of ports) {
                if (chip === from || chip.ip !== from.ip || !chip.up) continue
                // it says nothing until its board's reset
                if (chip.silent) continue
                const sender = ports.find(p => p.chip === from)
                if (sender && scene.couldKnow())
                    found.add(
                        `${sender.name} and ${name} both have ${ipText(from.ip)}`,
                    )
            }
            return packet
        }
        scene.onLan.push(look)
        return () => [...found]
    },
}
