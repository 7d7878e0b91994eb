/** Shown by a slow link, and a read soon after a write. */
import type { Bug } from "./bug.ts"

export const asyncHidden: Bug = {
    slug: "async-hidden",
    name: "reads of an asynchronous volume see only what the partner has",
    why: "a host reads what stood there before its own write",
    profile: ["link-slow", "modes"],
    patches: [
        {
            file: "src/store/volume.ts",
            find: `    return isAhead(v) ? v.appended : v.committed
`,
            replace: `    return v.committed
`,
        },
    ],
}
