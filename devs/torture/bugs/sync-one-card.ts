/**
 * It is the home's card that is not waited for, the one that counts when both
 * come back. Shown by both losing power within milliseconds of the answer, more
 * easily while that card is slow ("card-busy", "card-slow").
 */
import type { Bug } from "./bug.ts"

export const syncOneCard: Bug = {
    slug: "sync-one-card",
    name: "SYNCHRONIZE CACHE waits for one card only",
    why: "a write that was synchronised is gone after both boards lost power",
    profile: ["power-both", "card-slow"],
    patches: [
        {
            file: "src/store/volume.ts",
            find: "if (v.mode >= Mode.Joining && v.partnerDurable < v.durable)",
            replace: "if (v.mode >= Mode.Joining)",
        },
    ],
}
