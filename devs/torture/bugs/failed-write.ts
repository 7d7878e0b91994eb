/**
 * Shown by a card that refuses a block once, and a read after the entry has left
 * the log.
 */
import type { Bug } from "./bug.ts"

export const failedWrite: Bug = {
    slug: "failed-write",
    name: "takes a failed card write for a good one",
    why: "a block keeps what stood there before",
    profile: ["card-write-error"],
    patches: [
        {
            file: "src/store/storage.ts",
            find: `    const isWritten = await untilWritten()
    return isTaken && isWritten`,
            replace: `    await untilWritten()
    return true`,
        },
    ],
}
