/** A host that is logged in and hardly does anything. */
import { someOf } from "./region.ts"
import type { Workload } from "./workload.ts"

export const idler: Workload = {
    name: "idler",
    depth: 1,
    restUs: 1_500_000,
    next(random, region) {
        const blocks = someOf(random, region, 2)
        if (random.chance(0.5)) return { kind: "read", ...blocks }
        return { kind: "write", ...blocks, isForced: random.chance(0.5) }
    },
}
