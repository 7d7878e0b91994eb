/** Shown by hosts that write to what is just being copied. */
import type { Bug } from "./bug.ts"

export const resyncOverwrites: Bug = {
    slug: "resync-overwrites",
    name: "copies what it has read over what a host wrote meanwhile",
    why: "the copy of a board that came back has old data",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/pair/resync.ts",
            find: "    if (wasWritten(v, readSince, v.appended, job.lba, job.count)) {",
            replace: "    if (nextLba < 0 && wasWritten(v, 0, 0, 0, 1)) {",
        },
    ],
}
