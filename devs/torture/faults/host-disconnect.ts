/** A host ends its connection in mid-command. */
import type { Fault } from "./fault.ts"

export const hostDisconnect: Fault = {
    name: "host-disconnect",
    family: "hosts",
    begin(scene, random) {
        const host = scene.pickHost(random)
        const isReset = random.chance(0.5)
        if (isReset) host.connection.abort()
        else host.connection.disconnect()
        return {
            what: `${host.name} ${isReset ? "resets" : "ends"} its connection`,
        }
    },
}
