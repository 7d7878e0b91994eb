/** The link cable has a bad contact. */
import type { Fault } from "./fault.ts"

export const linkBlip: Fault = {
    name: "link-blip",
    family: "link",
    lastsMs: [1, 190],
    begin(scene) {
        scene.bench.pair.cut("link", true)
        return {
            what: "link interrupted",
            end: () => scene.bench.pair.cut("link", false),
        }
    },
}
