/**
 * Shown by a link that only the home takes for lost: its connection is reset, or
 * it hears nothing. The home must die within 200 ms of it.
 */
import type { Bug } from "./bug.ts"

export const noAloneWait: Bug = {
    slug: "no-alone-wait",
    name: "goes on alone before the partner has noticed",
    why: "the partner takes over a copy that lacks what was acknowledged meanwhile",
    profile: ["link-reset", "link-one-way", "power-cut"],
    patches: [
        {
            file: "src/pair/pair.ts",
            find: "const ALONE_WAIT_MS = BROKEN_MS + 50",
            replace: "const ALONE_WAIT_MS = 0",
        },
    ],
}
