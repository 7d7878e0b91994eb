/** The whole cable between the boards is pulled out. */
import { WIRE_NAMES } from "../../bench/pair.ts"
import type { Fault } from "./fault.ts"

export const cableOut: Fault = {
    name: "cable-out",
    family: "wires",
    lastsMs: [50, 6000],
    begin(scene) {
        const wires = WIRE_NAMES.filter(w => !w.startsWith("lan"))
        for (const w of wires) scene.bench.pair.cut(w, true)
        return {
            what: "cable pulled out",
            end: () => {
                for (const w of wires) scene.bench.pair.cut(w, false)
            },
        }
    },
}
