/**
 * Shown by a sector that cannot be read at home, and a partner whose card is
 * slower.
 */
import type { Bug } from "./bug.ts"

export const fetchMissesLog: Bug = {
    slug: "fetch-misses-log",
    name: "answers for an unreadable card with what its own card has, not its log",
    why: "a host reads what stood there before its own write",
    profile: ["card-bad-sector", "card-slow"],
    isInOrder: true,
    patches: [
        {
            file: "src/store/storage.ts",
            find: `    readState: ReadState
}`,
            replace: `    readState: ReadState
    isBare?: boolean
}`,
        },
        {
            file: "src/store/storage.ts",
            find: "    if (!isWhollyInLog(job))",
            replace: "    if (job.isBare || !isWhollyInLog(job))",
        },
        {
            file: "src/store/storage.ts",
            find: `    overlay(job)
    job.readState =`,
            replace: `    if (!job.isBare) overlay(job)
    job.readState =`,
        },
        {
            file: "src/pair/fetch.ts",
            find: `        run: 0,
        readState: ReadState.Idle,
`,
            replace: `        run: 0,
        readState: ReadState.Idle,
        isBare: true,
`,
        },
    ],
}
