/** A bug that is planted into the firmware: torture must find it. */
import type { Patch } from "../../vm/program.ts"

export interface Bug {
    /** names its file, and its program */
    slug: string
    /** what the firmware does wrong */
    name: string
    /** what a host would lose */
    why: string
    /** names of the faults that show it, none: load is enough; and, if it is not
     * any, of the workload, or "modes": see profile.ts */
    profile: string[]
    /** they must come in this order, the later ones while the earlier ones last */
    isInOrder?: true
    /** must fit the sources as they are: see `buildPatched` */
    patches: Patch[]
}
