/**
 * Shown by a board that takes over, acknowledges, and loses its power, too.
 */
import type { Bug } from "./bug.ts"

export const epochLate: Bug = {
    slug: "epoch-late",
    name: "writes alone before its card has the new epoch",
    why: "what was acknowledged alone is taken for old when both boards come back",
    profile: ["card-slow", "power-cut", "power-both"],
    isInOrder: true,
    patches: [
        {
            file: "src/store/storage.ts",
            find: `        else if (saveNext()) await save()
        else if (reads.length && !flushNext) await readNext()
        else if (!(await flush()) && !reads.length) {
`,
            replace: `        else if (reads.length && !flushNext) await readNext()
        else if (await flush()) flushNext = false
        else if (saveNext()) await save()
        else if (!reads.length) {
`,
        },
        {
            file: "src/store/storage.ts",
            find: "if (v.committed === v.durable || !v.isSaved) continue",
            replace: `const isKnown = v.isSaved || v.mode === Mode.Alone
        if (v.committed === v.durable || !isKnown) continue`,
        },
        {
            file: "src/store/volume.ts",
            find: `export function acknowledgeable(v: Volume): number {
    if (!v.isSaved) return 0
`,
            replace: `export function acknowledgeable(v: Volume): number {
    if (!v.isSaved && v.mode !== Mode.Alone) return 0
`,
        },
    ],
}
