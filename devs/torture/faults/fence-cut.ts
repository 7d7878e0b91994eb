/** A fence line is broken. */
import { other } from "../../bench/pair.ts"
import type { Fault } from "./fault.ts"

export const fenceCut: Fault = {
    name: "fence-cut",
    family: "wires",
    lastsMs: [20, 12000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        scene.bench.pair.cut(`fence-${name}`, true)
        return {
            what: `fence line of ${name} cut`,
            hides: other(name),
            end: () => scene.bench.pair.cut(`fence-${name}`, false),
        }
    },
}
