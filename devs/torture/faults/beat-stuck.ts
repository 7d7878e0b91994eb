/** A heartbeat line is shorted to supply or ground. */
import type { Fault } from "./fault.ts"

export const beatStuck: Fault = {
    name: "beat-stuck",
    family: "wires",
    lastsMs: [20, 6000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const level = random.pick([0, 1] as const)
        const [wire] = scene.bench.pair.wire(`beat-${name}`)
        wire.stuck = level
        return {
            what: `heartbeat of ${name} stuck ${level ? "high" : "low"}`,
            hides: name,
            end: () => {
                wire.stuck = undefined
            },
        }
    },
}
