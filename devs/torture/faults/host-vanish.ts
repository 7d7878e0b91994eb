/** A host's machine loses its power, and its network with it. */
import type { Fault } from "./fault.ts"

export const hostVanish: Fault = {
    name: "host-vanish",
    family: "hosts",
    lastsMs: [500, 15000],
    begin(scene, random) {
        const host = scene.pickHost(random)
        const { lan } = scene.bench.pair
        lan.cut(host.station, true)
        host.connection.abort()
        return {
            what: `${host.name} vanishes`,
            end: () => lan.cut(host.station, false),
        }
    },
}
