/**
 * Shown by a link that ends in the round in which it came up. What it says then
 * mostly goes out before anything is read: so that is taken out as well.
 */
import type { Bug } from "./bug.ts"

export const linkLeftovers: Bug = {
    slug: "link-leftovers",
    name: "a link that ends leaves what it had to say",
    why: "a host gets a frame of the link in the midst of its own",
    profile: ["link-corrupt"],
    patches: [
        {
            file: "src/pair/link.ts",
            find: "    dropOut()\n    linkDown()",
            replace: "    linkDown()",
        },
        {
            file: "src/pair/link.ts",
            find: "            if (isPingDue) await send()\n            quietTicks",
            replace: "            quietTicks",
        },
    ],
}
