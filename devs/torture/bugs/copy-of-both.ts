/** Shown by writes to one volume while the other one is copied. */
import type { Bug } from "./bug.ts"

export const copyOfBoth: Bug = {
    slug: "copy-of-both",
    name: "takes writes to one volume for copies of the other",
    why: "what a host wrote is not on the card",
    profile: ["power-cut"],
    patches: [
        {
            file: "src/store/volume.ts",
            find: "    return (copies[seq & LOG_MASK] & (1 << v.index)) !== 0",
            replace: "    return copies[seq & LOG_MASK] !== 0",
        },
    ],
}
