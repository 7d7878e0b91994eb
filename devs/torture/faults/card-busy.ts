/** A card cleans up: it is busy for half a second. */
import type { Fault } from "./fault.ts"

export const cardBusy: Fault = {
    name: "card-busy",
    family: "card",
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { card } = scene.node(name)
        const ms = random.int(100, 500)
        card.faults.busyUs = ms * 1000
        return { what: `card of ${name} busy for ${ms} ms` }
    },
}
