/** Shown by the cards at the end, when the link's cable was cut for a while. */
import type { Bug } from "./bug.ts"

export const lostParts: Bug = {
    slug: "lost-parts",
    name: "keeps only the last part of a write that comes over the LAN",
    why: "a mirror that takes over has lost most of each long write",
    profile: ["link-cut"],
    patches: [
        {
            file: "src/pair/mirror.ts",
            find: "const before = parts[v.index]\n",
            replace: "const before = 0\n",
        },
    ],
}
