/** Shown when both boards lose power in mid-write, and are one pair again. */
import type { Bug } from "./bug.ts"

export const noIntents: Bug = {
    slug: "no-intents",
    name: "writes mirrored without marking where",
    why: "after a loss of all power the cards differ, where one was faster",
    profile: ["power-both"],
    patches: [
        {
            file: "src/store/log.ts",
            find: "return markIntent(v, lba, count)",
            replace: "return false",
        },
    ],
}
