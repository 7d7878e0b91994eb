/**
 * Shown by two boards that lose power one after the other, and of which the one
 * that was away first comes back first.
 */
import type { Bug } from "./bug.ts"

export const servesUnmet: Bug = {
    slug: "serves-unmet",
    name: "after three seconds of waiting it serves without having met its partner",
    why: "hosts read data from before the partner went on alone",
    profile: ["power-cut", "power-both"],
    patches: [
        {
            file: "src/pair/pair.ts",
            find: `async function check(now: number) {
`,
            replace: `let waited = 0

async function check(now: number) {
    if (!isDecided && ++waited === 30) mustDecide = true
`,
        },
    ],
}
