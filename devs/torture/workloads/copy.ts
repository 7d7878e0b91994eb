/** A disk being copied: long transfers, several at once. */
import { someOf } from "./region.ts"
import type { Workload } from "./workload.ts"

export const copy: Workload = {
    name: "copy",
    depth: 4,
    restUs: 0,
    next(random, region) {
        const blocks = someOf(random, region, 40)
        if (random.chance(0.35)) return { kind: "read", ...blocks }
        return { kind: "write", ...blocks, isForced: false }
    },
}
