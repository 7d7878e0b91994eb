/**
 * As a volume that is mirrored asynchronously. Shown by a home that dies within milliseconds of an answer, and by a link that
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
            find: "return v.mode === Mode.Mirrored && v.mirroring === Mirroring.Async",
            replace: "return v.mode === Mode.Mirrored",
        },
    ],
}
