/**
 * Shown by the credits at the end, when any session was lost.
 */
import type { Bug } from "./bug.ts"

export const creditLeak: Bug = {
    slug: "credit-leak",
    name: "does not take back the credits of a session that ends",
    why: "after some sessions nobody can log in any more",
    profile: ["host-disconnect", "lan-reset", "host-vanish"],
    patches: [
        {
            file: "src/iscsi/task.ts",
            find: `    credits += c.granted
`,
            replace: "",
        },
    ],
}
