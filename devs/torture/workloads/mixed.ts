/** A file system: mostly small writes, reads, and now and then a barrier. */
import { someOf } from "./region.ts"
import type { Workload } from "./workload.ts"

export const mixed: Workload = {
    name: "mixed",
    depth: 3,
    restUs: 20_000,
    next(random, region) {
        const dice = random.unit()
        if (dice < 0.06) return { kind: "sync" }
        const blocks = someOf(random, region, random.chance(0.8) ? 8 : 20)
        if (dice < 0.4) return { kind: "read", ...blocks }
        return { kind: "write", ...blocks, isForced: random.chance(0.15) }
    },
}
