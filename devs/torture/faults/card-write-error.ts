/** A card refuses a block, once or for some time. */
import type { Fault } from "./fault.ts"

/** Refused, refused for its CRC, or taken and then not programmed. */
const WAYS = ["writeError", "writeCrcError", "programError"] as const

export const cardWriteError: Fault = {
    name: "card-write-error",
    family: "card",
    lastsMs: [1, 300],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        const which = random.pick(WAYS)
        card.faults[which] = true
        const again = scene.every(10_000, () => {
            card.faults[which] = true
        })
        return {
            what: `card of ${name}: ${which}`,
            end: () => {
                again.stop()
                card.faults[which] = undefined
            },
        }
    },
}
