/**
 * Shown as soon as a board that was taken over boots again.
 */
import type { Bug } from "./bug.ts"

export const epochIgnored: Bug = {
    slug: "epoch-ignored",
    name: "does not believe the partner that its copy is newer",
    why: "a board that was away serves its old copy when it comes back",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/pair/coldstart.ts",
            find: `    if (partnerEpoch > homeEpoch) return Verdict.Partner
`,
            replace: "",
        },
    ],
}
