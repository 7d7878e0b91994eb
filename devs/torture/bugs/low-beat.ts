/**
 * Shown by a board that stands still with its heartbeat low, which is every
 * second time, a fence that does not reach it, and a LAN on which its address
 * does not answer meanwhile.
 */
import type { Bug } from "./bug.ts"

export const lowBeat: Bug = {
    slug: "low-beat",
    name: "takes a low heartbeat for the proof that the fence has worked",
    why: "two boards serve one volume when the fence does not reach the silent one",
    profile: ["fence-stuck-high", "lan-split", "stall"],
    isInOrder: true,
    patches: [
        {
            file: "src/pair/fencing.ts",
            find: "beatLevel === 0 && carrier === Carrier.Gone",
            replace: "beatLevel === 0",
        },
    ],
}
