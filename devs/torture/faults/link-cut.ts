/** The link cable is cut. */
import type { Fault } from "./fault.ts"

export const linkCut: Fault = {
    name: "link-cut",
    family: "link",
    lastsMs: [300, 8000],
    begin(scene) {
        scene.bench.pair.cut("link", true)
        return {
            what: "link cut",
            end: () => scene.bench.pair.cut("link", false),
        }
    },
}
