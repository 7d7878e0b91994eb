/** A counter on disk: a few blocks, written and read without a pause. */
import { someOf } from "./region.ts"
import type { Workload } from "./workload.ts"

const HOT_BLOCKS = 4

export const hot: Workload = {
    name: "hot",
    depth: 2,
    restUs: 5_000,
    next(random, region) {
        const few = { first: region.first, blocks: HOT_BLOCKS }
        const blocks = someOf(random, few, HOT_BLOCKS)
        if (random.chance(0.4)) return { kind: "read", ...blocks }
        return { kind: "write", ...blocks, isForced: random.chance(0.05) }
    },
}
