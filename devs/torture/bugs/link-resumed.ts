/**
 * Shown by a connection that is reset under load.
 */
import type { Bug } from "./bug.ts"

export const linkResumed: Bug = {
    slug: "link-resumed",
    name: "goes on mirroring when the link was interrupted",
    why: "what was on the cable is never sent again, and hosts wait for it for ever",
    profile: ["link-reset"],
    patches: [
        {
            file: "src/pair/pair.ts",
            find: `        event("link was interrupted: mirroring ends")
        partnerIsLost()`,
            replace: '        event("link was interrupted")',
        },
    ],
}
