/**
 * Needs no fault but many writes at once: the pool must be in use again while the
 * card is still taking the blocks.
 */
import type { Bug } from "./bug.ts"

export const earlyRelease: Bug = {
    slug: "early-release",
    name: "releases blocks before the card has them",
    why: "the card gets a later write's data in the place of an earlier one's",
    profile: [],
    patches: [
        {
            file: "src/store/volume.ts",
            find: `    v.durable = seq
`,
            replace: "",
        },
        {
            file: "src/store/storage.ts",
            find: `        const last = endOfBatch(v, to)
        let done = false
`,
            replace: `        const last = endOfBatch(v, to)
        setDurable(v, last)
        let done = false
`,
        },
        {
            file: "src/store/storage.ts",
            find: `        setDurable(v, last)
        progress()`,
            replace: `        v.durable = last
        progress()`,
        },
    ],
}
