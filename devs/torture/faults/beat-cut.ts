/** A heartbeat line is broken. */
import type { Fault } from "./fault.ts"

export const beatCut: Fault = {
    name: "beat-cut",
    family: "wires",
    lastsMs: [20, 6000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        scene.bench.pair.cut(`beat-${name}`, true)
        return {
            what: `heartbeat line of ${name} cut`,
            hides: name,
            end: () => scene.bench.pair.cut(`beat-${name}`, false),
        }
    },
}
