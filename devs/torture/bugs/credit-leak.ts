/**
 * Shown by the credits at the end, when a session was lost with commands under
 * way.
 */
import type { Bug } from "./bug.ts"

export const creditLeak: Bug = {
    slug: "credit-leak",
    name: "does not take back the credits of commands whose session is gone",
    why: "after some lost sessions nobody can log in any more",
    profile: ["host-disconnect", "host-vanish"],
    patches: [
        {
            file: "src/iscsi/task.ts",
            find: `    if (isOrphan(t)) {
        credits++
        return
    }
`,
            replace: `    if (isOrphan(t)) return
`,
        },
    ],
}
