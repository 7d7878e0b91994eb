/**
 * Shown by a sector that cannot be read, and the link that ends before the
 * partner has answered for it.
 */
import type { Bug } from "./bug.ts"

export const lostFetch: Bug = {
    slug: "lost-fetch",
    name: "takes what the partner was asked for and never sent for good",
    why: "a host reads what was left in the pool by others",
    profile: ["card-bad-sector", "link-cut"],
    isInOrder: true,
    patches: [
        {
            file: "src/pair/fetch.ts",
            find: `    isUntold = isFetchUntold = false
    if (asked) endAsked(ReadState.Failed)
`,
            replace: `    isUntold = isFetchUntold = false
    if (asked) endAsked(ReadState.Fetched)
`,
        },
    ],
}
