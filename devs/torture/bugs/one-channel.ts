/**
 * Shown by a broken heartbeat line. The fence holds, so no data are lost: what
 * is wrong is that a board is fenced whose link is alive.
 */
import type { Bug } from "./bug.ts"

export const oneChannel: Bug = {
    slug: "one-channel",
    name: "takes over when the heartbeat alone is silent",
    why: "a board that lives is held in reset, and its hosts lose their connections, for a broken wire",
    profile: ["beat-cut"],
    patches: [
        {
            file: "src/pair/detector.ts",
            find: "silence >= limit && !isOnLan",
            replace: "beatAge >= SILENT_MS && silence >= 0",
        },
    ],
}
