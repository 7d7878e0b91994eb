/** A host aborts one of its commands. */
import { TaskManagement } from "../host.ts"
import type { Fault } from "./fault.ts"

export const hostAbort: Fault = {
    name: "host-abort",
    family: "hosts",
    begin(scene, random) {
        const host = scene.pickHost(random)
        const [tag] = host.connection.tags
        if (tag !== undefined) void host.manage(TaskManagement.AbortTask, tag)
        return { what: `${host.name} aborts a task` }
    },
}
