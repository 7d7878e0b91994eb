/**
 * Shown as soon as a board that was taken over boots again: it finds its own copy
 * as new as any.
 */
import type { Bug } from "./bug.ts"

export const noEpoch: Bug = {
    slug: "no-epoch",
    name: "does not raise the epoch when it goes on alone",
    why: "a board that was away serves its old copy when it comes back",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/pair/alone.ts",
            find: `    v.epoch++
`,
            replace: "",
        },
    ],
}
