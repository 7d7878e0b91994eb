/** A fence line is shorted to ground: it holds the partner in reset. */
import type { Fault } from "./fault.ts"

export const fenceStuckLow: Fault = {
    name: "fence-stuck-low",
    family: "wires",
    lastsMs: [20, 4000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const [wire] = scene.bench.pair.wire(`fence-${name}`)
        wire.stuck = 0
        return {
            what: `fence line of ${name} stuck low`,
            end: () => {
                wire.stuck = undefined
            },
        }
    },
}
