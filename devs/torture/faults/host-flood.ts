/** Somebody opens connections and talks nonsense. */
import { Flood } from "../flood.ts"
import type { Fault } from "./fault.ts"

export const hostFlood: Fault = {
    name: "host-flood",
    family: "hosts",
    lastsMs: [50, 2000],
    begin(scene, random) {
        const target = scene.pickBoard(random)
        const flood = new Flood(scene.bench, target, random)
        return { what: `${target} is flooded`, end: () => flood.stop() }
    },
}
