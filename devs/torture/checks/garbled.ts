/** Nothing but a target's PDUs comes on a host's connection. */
import type { Check } from "./check.ts"

export const garbled: Check = {
    name: "garbled",
    promise: "what a host hears is iSCSI, and from a target",
    watch: scene => () => {
        if (scene.dataIsForfeit) return []
        return scene.hosts
            .filter(h => h.garbled)
            .map(h => `${h.name} at ${h.target}: ${h.garbled} PDUs`)
    },
}
