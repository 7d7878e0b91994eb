/** Shown by a board that dies with writes in its memory, and comes back. */
import type { Bug } from "./bug.ts"

export const noFirstMarks: Bug = {
    slug: "no-first-marks",
    name: "begins alone as if both cards had everything",
    why: "a board that comes back lacks what it had in its memory when it died",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/pair/alone.ts",
            find: "markEntries(v, first < 0 ? 1 : first + 1, last)",
            replace: "if (first > last) markEntries(v, 1, last)",
        },
    ],
}
