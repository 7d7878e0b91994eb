/** Shown by a board that comes back to a partner that was written to. */
import type { Bug } from "./bug.ts"

export const shortExtents: Bug = {
    slug: "short-extents",
    name: "copies all of an extent but its last blocks",
    why: "a board that came back lacks what was written there without it",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/pair/resync.ts",
            find: `            endLba = nextLba + size
`,
            replace: `            endLba = nextLba + size - GROUP
`,
        },
    ],
}
