/** Shown by an operator who speaks as a volume is given, or has been filled. */
import type { Bug } from "./bug.ts"

export const oneWord: Bug = {
    slug: "one-word",
    name: "an operator's word takes the place of what the link has not said yet",
    why: "a volume that is whole at its mirror, or given to it, never hears of it",
    profile: ["link-cut", "takeover-step"],
    isInOrder: true,
    patches: [
        {
            file: "src/pair/giving.ts",
            find: `    tellTake()
`,
            replace: `    tell(foreign, Frame.Take, 0, 0)
`,
        },
    ],
}
