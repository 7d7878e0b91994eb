/** Shown by a link that ends in the round in which it came up. */
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
    ],
}
