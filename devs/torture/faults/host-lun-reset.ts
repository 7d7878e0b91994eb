/** A host resets the logical unit, under the others' commands. */
import { TaskManagement } from "../host.ts"
import type { Fault } from "./fault.ts"

export const hostLunReset: Fault = {
    name: "host-lun-reset",
    family: "hosts",
    begin(scene, random) {
        const host = scene.pickHost(random)
        void host.manage(TaskManagement.LogicalUnitReset)
        return { what: `${host.name} resets the unit` }
    },
}
