/** A desktop: much at once, and then nothing for so long that all is at rest. */
import { someOf } from "./region.ts"
import type { Workload } from "./workload.ts"

export const bursts: Workload = {
    name: "bursts",
    depth: 1,
    restUs: 10_000,
    pause: { chance: 0.03, us: 2_500_000 },
    next(random, region) {
        const blocks = someOf(random, region, 8)
        if (random.chance(0.2)) return { kind: "read", ...blocks }
        return { kind: "write", ...blocks, isForced: random.chance(0.1) }
    },
}
