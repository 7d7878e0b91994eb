/** Edges of a heartbeat do not come. */
import type { Fault } from "./fault.ts"

export const beatMissing: Fault = {
    name: "beat-missing",
    family: "wires",
    lastsMs: [100, 6000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const chance = random.pick([0.1, 0.5, 0.8])
        const [wire] = scene.bench.pair.wire(`beat-${name}`)
        wire.missEdge = () => random.chance(chance)
        return {
            what: `heartbeat of ${name} misses ${chance * 100} % of its edges`,
            hides: name,
            end: () => {
                wire.missEdge = undefined
            },
        }
    },
}
