/**
 * Shown by a loss of power while a superblock is written: when a volume becomes
 * active or quiet, and when it goes on alone.
 */
import type { Bug } from "./bug.ts"

export const tornSuperblock: Bug = {
    slug: "torn-superblock",
    name: "believes a superblock that is torn",
    why: "a board takes an old copy for a new one, or its card for a foreign one",
    profile: ["power-cut", "brown-out", "card-rot"],
    patches: [
        {
            file: "src/store/superblock.ts",
            find: `    for (let i = 0; i < 32; ++i) if (b[SB_DIGEST + i] !== hash[i]) return false
`,
            replace: "",
        },
    ],
}
