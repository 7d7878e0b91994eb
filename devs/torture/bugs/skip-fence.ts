/**
 * Shown by a board that stands still for more than 60 ms and goes on.
 */
import type { Bug } from "./bug.ts"

export const skipFence: Bug = {
    slug: "skip-fence",
    name: "takes over without holding the reset",
    why: "two boards serve one volume when the silent one was not dead",
    profile: ["stall", "hang"],
    patches: [
        {
            file: "src/pair/fencing.ts",
            find: `    go(f, Fencing.Holding, now)
    return Act.Hold`,
            replace: `    go(f, Fencing.Fenced, now)
    return Act.TakeOver`,
        },
    ],
}
