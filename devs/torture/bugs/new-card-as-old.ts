/**
 * Shown by a board with a new card, whose partner was written to in one place.
 */
import type { Bug } from "./bug.ts"

export const newCardAsOld: Bug = {
    slug: "new-card-as-old",
    name: "copies to a new card only what was written while it was away",
    why: "whatever was written before is zeros when that board serves again",
    profile: ["card-replaced"],
    patches: [
        {
            file: "src/pair/rejoin.ts",
            find: "const isFresh = (flags & VolumeFlag.Fresh) !== 0",
            replace: "const isFresh = false",
        },
    ],
}
