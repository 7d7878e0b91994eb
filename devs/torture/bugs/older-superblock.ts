/**
 * Shown by both losing power under load: what is newer is that a volume is
 * written to.
 */
import type { Bug } from "./bug.ts"

export const olderSuperblock: Bug = {
    slug: "older-superblock",
    name: "believes the older of two superblocks",
    why: "after both boards lost power, cards that differ are taken for equal",
    profile: ["power-both"],
    patches: [
        {
            file: "src/store/superblock.ts",
            find: `    if (g <= generation) return
    generation = g
`,
            replace: `    if (generation > 0 && g >= generation) return
    generation = g
`,
        },
    ],
}
