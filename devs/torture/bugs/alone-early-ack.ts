/**
 * Shown by a loss of power while no partner is there: after a takeover, or after
 * the link was lost.
 */
import type { Bug } from "./bug.ts"

export const aloneEarlyAck: Bug = {
    slug: "alone-early-ack",
    name: "alone, it acknowledges before the card has it",
    why: "a write that was acknowledged is gone when a board without its partner loses power",
    profile: ["power-cut", "power-both", "card-slow"],
    patches: [
        {
            file: "src/store/volume.ts",
            find: "if (v.mode < Mode.Alone) return v.committed",
            replace: "if (v.mode <= Mode.Resyncing) return v.committed",
        },
    ],
}
