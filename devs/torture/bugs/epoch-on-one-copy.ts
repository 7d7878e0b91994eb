/** Shown by a board that went on alone, the copy that rots, and a restart. */
import type { Bug } from "./bug.ts"

export const epochOnOneCopy: Bug = {
    slug: "epoch-on-one-copy",
    name: "writes a new epoch to one copy of the superblock",
    why: "with that sector, all is forgotten that was written without the partner",
    profile: ["power-cut", "superblock-rot", "power-both"],
    isInOrder: true,
    patches: [
        {
            file: "src/pair/alone.ts",
            find: `    wantBothCopies(v)
`,
            replace: `    wantSave(v)
`,
        },
        {
            file: "src/pair/alone.ts",
            find: 'import { wantBothCopies } from "../store/superblock"',
            replace: 'import { wantSave } from "../store/superblock"',
        },
    ],
}
