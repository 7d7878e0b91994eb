/** The wire that tells that the cable is in is broken. */
import type { Fault } from "./fault.ts"

export const presentCut: Fault = {
    name: "present-cut",
    family: "wires",
    lastsMs: [50, 12000],
    begin(scene) {
        scene.bench.pair.cut("present", true)
        return {
            what: "present line cut",
            end: () => scene.bench.pair.cut("present", false),
        }
    },
}
