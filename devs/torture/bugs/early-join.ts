/** Shown by a board that comes back to a partner that was written to. */
import type { Bug } from "./bug.ts"

export const earlyJoin: Bug = {
    slug: "early-join",
    name: "says that a copy is whole when its last extent is only begun",
    why: "a board that came back lacks the rest of that extent",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/pair/resync.ts",
            find: `/** The volume that is being resynced. */
`,
            replace: `/** extents that are not begun yet */
let left = 0
/** The volume that is being resynced. */
`,
        },
        {
            file: "src/pair/resync.ts",
            find: `    target = v
    extent = -1
`,
            replace: `    target = v
    left = dirtyExtents[v.index]
    extent = -1
`,
        },
        {
            file: "src/pair/resync.ts",
            find: `            nextLba = extent * size
`,
            replace: `            left--
            nextLba = extent * size
`,
        },
        {
            file: "src/pair/resync.ts",
            find: `    startReading(v)
    return false
`,
            replace: `    startReading(v)
    return left === 0
`,
        },
    ],
}
