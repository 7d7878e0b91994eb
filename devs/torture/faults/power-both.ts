/** Both boards lose their power in the same moment. */
import type { Fault } from "./fault.ts"

export const powerBoth: Fault = {
    name: "power-both",
    family: "power",
    lastsMs: [50, 4000],
    begin(scene) {
        scene.bench.pair.setPower(false)
        return {
            what: "power of both off",
            end: () => scene.bench.pair.setPower(true),
        }
    },
}
