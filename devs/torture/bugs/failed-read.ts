/**
 * Shown by one error token.
 */
import type { Bug } from "./bug.ts"

export const failedRead: Bug = {
    slug: "failed-read",
    name: "takes a failed card read for a good one",
    why: "a host reads what was left in the pool by others",
    profile: ["card-read-error"],
    patches: [
        {
            file: "src/store/storage.ts",
            find: `        if (error === CardError.None) return error
`,
            replace: `        if (error !== CardError.Absent) return CardError.None
`,
        },
    ],
}
