/**
 * Shown by a board that stands still with its heartbeat low, which is every
 * second time, and a fence that does not reach it.
 */
import type { Bug } from "./bug.ts"

export const lowBeat: Bug = {
    slug: "low-beat",
    name: "takes a low heartbeat for the proof that the fence has worked",
    why: "two boards serve one volume when the fence does not reach the silent one",
    profile: ["fence-stuck-high", "stall", "hang"],
    patches: [
        {
            file: "src/pair/fencing.ts",
            find: "beatLevel === 0 && carrier === Carrier.Gone",
            replace: "beatLevel === 0",
        },
    ],
}
