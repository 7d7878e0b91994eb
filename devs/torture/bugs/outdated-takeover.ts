/**
 * Shown by a link that is lost, writes at the home, and then the death of the
 * home.
 */
import type { Bug } from "./bug.ts"

export const outdatedTakeover: Bug = {
    slug: "outdated-takeover",
    name: "takes over a copy that is outdated",
    why: "hosts read data from before the link was lost",
    profile: ["link-cut", "power-cut"],
    isInOrder: true,
    patches: [
        {
            file: "src/pair/pair.ts",
            find: `export function canTakeOver(): boolean {
`,
            replace: `export function canTakeOver(): boolean {
    if (foreign.flags & VolumeFlag.Outdated) return true
`,
        },
        {
            file: "src/pair/pair.ts",
            find: "        if (v.mode === Mode.Mirror) goAlone(v)\n",
            replace:
                "        if (v.mode === Mode.Mirror || v.mode === Mode.Waiting) goAlone(v)\n",
        },
    ],
}
