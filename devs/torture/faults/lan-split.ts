/** A switch falls apart: some stations do not hear the others. */
import type { Fault } from "./fault.ts"

export const lanSplit: Fault = {
    name: "lan-split",
    family: "lan",
    lastsMs: [50, 5000],
    begin(scene, random) {
        const stations = scene.lanStations
        const side = stations.map(() => random.chance(0.5))
        const { lan } = scene.bench.pair
        lan.split(
            [true, false].map(s => stations.filter((_, i) => side[i] === s)),
        )
        return { what: "LAN split", end: () => lan.split(undefined) }
    },
}
