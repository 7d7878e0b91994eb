/** A database's journal: each write must be on the cards before the next. */
import { someOf } from "./region.ts"
import type { Workload } from "./workload.ts"

export const journal: Workload = {
    name: "journal",
    depth: 1,
    restUs: 30_000,
    next(random, region) {
        const dice = random.unit()
        if (dice < 0.2) return { kind: "sync" }
        const blocks = someOf(random, region, 8)
        if (dice < 0.3) return { kind: "read", ...blocks }
        return { kind: "write", ...blocks, isForced: dice < 0.8 }
    },
}
