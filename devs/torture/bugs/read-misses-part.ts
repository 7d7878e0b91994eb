/**
 * Needs no fault: overlapping reads and writes of different lengths.
 */
import type { Bug } from "./bug.ts"

export const readMissesPart: Bug = {
    slug: "read-misses-part",
    name: "reads see only those entries of the log that have all of them",
    why: "a read of several blocks misses a write to some of them",
    profile: [],
    patches: [
        {
            file: "src/store/storage.ts",
            find: `        if (from >= to) continue
`,
            replace: `        if (to - from < job.count) continue
`,
        },
    ],
}
