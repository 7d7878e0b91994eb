/**
 * Needs no fault but many writes at once: then the two cards differ. A takeover
 * shows it to hosts.
 */
import type { Bug } from "./bug.ts"

export const earlyDurable: Bug = {
    slug: "early-durable",
    name: "tells the home that a write is on the card before it is",
    why: "the mirror's memory is filled anew before the card has what was in it",
    profile: [],
    patches: [
        {
            file: "src/pair/mirror.ts",
            find: `    const durable = v.durable
`,
            replace: `    const durable = v.committed
`,
        },
    ],
}
