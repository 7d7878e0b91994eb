/** Shown by a board that dies while it brings its partner up to date. */
import type { Bug } from "./bug.ts"

export const fillingTakeover: Bug = {
    slug: "filling-takeover",
    name: "takes over with a copy that is only half up to date",
    why: "old data are served when the board that had the new ones dies",
    profile: ["power-cut", "power-cut", "hang"],
    patches: [
        {
            file: "src/pair/pair.ts",
            find: `export function canTakeOver(): boolean {
`,
            replace: `export function canTakeOver(): boolean {
    for (let i = 0; i < volumes.length; ++i)
        if (volumes[i].mode === Mode.Filling) volumes[i].mode = Mode.Mirror
`,
        },
    ],
}
