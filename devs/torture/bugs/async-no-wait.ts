/** Shown by a home that dies while its link is slow. */
import type { Bug } from "./bug.ts"

export const asyncNoWait: Bug = {
    slug: "async-no-wait",
    name: "FUA and SYNCHRONIZE CACHE of an asynchronous volume wait for no card",
    why: "a write that was synchronised is gone when its home dies",
    profile: ["link-slow", "power-cut", "modes"],
    isInOrder: true,
    patches: [
        {
            file: "src/store/volume.ts",
            find: `export function safe(v: Volume): number {
`,
            replace: `export function safe(v: Volume): number {
    if (isAhead(v)) return v.appended
`,
        },
    ],
}
