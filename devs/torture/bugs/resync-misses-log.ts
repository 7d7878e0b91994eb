/** Shown by hosts that write to what is copied next. */
import type { Bug } from "./bug.ts"

export const resyncMissesLog: Bug = {
    slug: "resync-misses-log",
    name: "copies what its card has, though its log has newer",
    why: "what a host wrote is overwritten by what stood there before, on the copy",
    profile: ["power-cut"],
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
            file: "src/pair/resync.ts",
            find: "job = { volume: v, lba: 0, count: 0, run: 0, readState: ReadState.Idle }",
            replace: `job = {
            volume: v,
            lba: 0,
            count: 0,
            run: 0,
            readState: ReadState.Idle,
            isBare: true,
        }`,
        },
    ],
}
