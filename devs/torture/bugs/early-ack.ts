/**
 * Shown by a home that dies within milliseconds of an answer, and by a link that
 * is silent for a while before its home dies. Reads see all of the log, so that
 * without a fault nothing is amiss.
 */
import type { Bug } from "./bug.ts"

export const earlyAck: Bug = {
    slug: "early-ack",
    name: "acknowledges before the mirror has it",
    why: "a write that was acknowledged is gone when its home dies a moment later",
    profile: ["power-cut", "link-slow"],
    patches: [
        {
            file: "src/store/volume.ts",
            find: "if (v.mode === Mode.Mirrored) return v.stored",
            replace: "if (v.mode === Mode.Mirrored) return v.appended",
        },
        {
            file: "src/store/storage.ts",
            find: "for (let s = v.committed; s > v.durable; --s)",
            replace: "for (let s = v.appended; s > v.durable; --s)",
        },
        {
            file: "src/store/storage.ts",
            find: "for (let s = v.durable + 1; s <= v.committed; ++s)",
            replace: "for (let s = v.durable + 1; s <= v.appended; ++s)",
        },
    ],
}
