/** A host aborts all of its commands. */
import { TaskManagement } from "../host.ts"
import type { Fault } from "./fault.ts"

export const hostAbortSet: Fault = {
    name: "host-abort-set",
    family: "hosts",
    begin(scene, random) {
        const host = scene.pickHost(random)
        void host.manage(TaskManagement.AbortTaskSet)
        return { what: `${host.name} aborts its task set` }
    },
}
