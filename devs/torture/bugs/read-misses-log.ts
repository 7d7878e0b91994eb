/**
 * Needs no fault: a read soon after a write was answered.
 */
import type { Bug } from "./bug.ts"

export const readMissesLog: Bug = {
    slug: "read-misses-log",
    name: "reads do not look into the log",
    why: "a host reads what stood there before its own write",
    profile: [],
    patches: [
        {
            file: "src/store/storage.ts",
            find: "for (let s = readable(v); s > v.durable; --s)",
            replace: "for (let s = v.durable; s > v.durable; --s)",
        },
        {
            file: "src/store/storage.ts",
            find: "for (let s = v.durable + 1; s <= newest; ++s)",
            replace: "for (let s = v.durable + 1; s <= v.durable; ++s)",
        },
    ],
}
