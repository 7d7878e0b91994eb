/** Shown when a board comes back to one that was written to alone. */
import type { Bug } from "./bug.ts"

export const noDirtyMark: Bug = {
    slug: "no-dirty-mark",
    name: "writes alone without marking what",
    why: "a board that comes back lacks what was written without it",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/store/storage.ts",
            find: "markEntries(v, v.durable + 1, last)",
            replace: "markEntries(v, 1, 0)",
        },
    ],
}
