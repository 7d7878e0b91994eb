/** Shown by a board that comes back to a partner that was written to. */
import type { Bug } from "./bug.ts"

export const halfGiven: Bug = {
    slug: "half-given",
    name: "gives a volume back before its home has all of it",
    why: "a host reads old data where the copy was not yet brought up to date",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/pair/giving.ts",
            find: "if (foreign.mode === Mode.Mirrored && !isKept) return foreign",
            replace:
                "if (foreign.mode >= Mode.Resyncing && !isKept) return foreign",
        },
        {
            file: "src/pair/giving.ts",
            find: `    if (!isQuiet(v) || !v.isSaved || !isMapSaved(v)) return false
`,
            replace: `    if (v.mode === Mode.Mirrored ? !isQuiet(v) : v.sent < v.appended)
        return false
    if (!v.isSaved || !isMapSaved(v)) return false
`,
        },
        {
            file: "src/pair/giving.ts",
            find: `    v.mode = Mode.Mirror
    if (v.mirroring === Mirroring.None) giveUp(v)
`,
            replace: `    stopCopying()
    v.mode = Mode.Mirror
    if (v.mirroring === Mirroring.None) giveUp(v)
`,
        },
        {
            file: "src/pair/giving.ts",
            find: `    if (v.mode !== Mode.Mirror) return "given what is not mirrored here"
    if (v.appended !== seq || v.epoch !== epoch)
`,
            replace: `    if (v.mode !== Mode.Mirror && v.mode !== Mode.Filling)
        return "given what is not mirrored here"
    v.epoch = epoch
    if (v.appended !== seq)
`,
        },
        {
            file: "src/pair/giving.ts",
            find: 'import { aliveSince, nameOf, tell, tellTake } from "./rejoin"',
            replace: `import { aliveSince, nameOf, tell, tellTake } from "./rejoin"
import { stopCopying } from "./resync"`,
        },
    ],
}
