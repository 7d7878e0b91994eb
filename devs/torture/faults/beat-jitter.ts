/** Edges of a heartbeat come late. */
import type { Fault } from "./fault.ts"

export const beatJitter: Fault = {
    name: "beat-jitter",
    family: "wires",
    lastsMs: [100, 6000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const us = random.pick([2_000, 10_000, 40_000])
        const [wire] = scene.bench.pair.wire(`beat-${name}`)
        wire.jitter = () => random.int(0, us)
        return {
            what: `heartbeat of ${name} up to ${us / 1000} ms late`,
            hides: name,
            end: () => {
                wire.jitter = undefined
            },
        }
    },
}
