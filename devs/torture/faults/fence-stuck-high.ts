/** A fence line is shorted to supply: pulling it does nothing. */
import { other } from "../../bench/pair.ts"
import type { Fault } from "./fault.ts"

export const fenceStuckHigh: Fault = {
    name: "fence-stuck-high",
    family: "wires",
    lastsMs: [20, 12000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const [wire] = scene.bench.pair.wire(`fence-${name}`)
        wire.stuck = 1
        return {
            what: `fence line of ${name} stuck high`,
            hides: other(name),
            end: () => {
                wire.stuck = undefined
            },
        }
    },
}
