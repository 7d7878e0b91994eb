/**
 * Shown by the pool at the end, when a host left in the middle of its data.
 */
import type { Bug } from "./bug.ts"

export const blockLeak: Bug = {
    slug: "block-leak",
    name: "does not give back the blocks of a write that was aborted",
    why: "after some aborted writes the pool is empty and all hosts wait for ever",
    profile: ["host-disconnect", "host-vanish"],
    patches: [
        {
            file: "src/iscsi/task.ts",
            find: `    if (t.run >= 0) giveBlocks(t)
`,
            replace: "",
        },
    ],
}
