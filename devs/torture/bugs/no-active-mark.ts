/**
 * Shown by both losing power under load: the pair mirrors again, and its cards
 * are not equal. Hosts see it when the home dies next.
 */
import type { Bug } from "./bug.ts"

export const noActiveMark: Bug = {
    slug: "no-active-mark",
    name: "does not mark on the card that a volume is written to",
    why: "after both boards lost power, cards that differ are taken for equal",
    profile: ["power-both"],
    patches: [
        {
            file: "src/store/log.ts",
            find: `    if ((v.flags & VolumeFlag.Active) === 0) {
        const isFirst = (v.flags & VolumeFlag.Fresh) !== 0
        if (isFirst && v.mode === Mode.Mirrored) v.flags |= VolumeFlag.First
        v.flags = (v.flags | VolumeFlag.Active) & ~VolumeFlag.Fresh
        wantBothCopies(v)
    }
`,
            replace: "",
        },
    ],
}
