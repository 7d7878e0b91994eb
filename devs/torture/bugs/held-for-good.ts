/**
 * Shown by a volume that has moved away, and comes to its old server again.
 */
import type { Bug } from "./bug.ts"

export const heldForGood: Bug = {
    slug: "held-for-good",
    name: "does not let commands go on when a volume was given",
    why: "hosts wait for ever when the volume is served there again",
    profile: ["takeover", "power-cut"],
    patches: [
        {
            file: "src/pair/giving.ts",
            find: `    port.isHeld = false
`,
            replace: "",
        },
    ],
}
