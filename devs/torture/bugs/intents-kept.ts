/**
 * Shown when a volume has moved that was written seldom before, and then both
 * boards lose power.
 */
import type { Bug } from "./bug.ts"

export const intentsKept: Bug = {
    slug: "intents-kept",
    name: "gives a volume away and still believes its own map",
    why: "after a loss of all power the cards differ where the other one wrote",
    profile: ["takeover", "power-both", "bursts", "scattered"],
    isInOrder: true,
    patches: [
        {
            file: "src/pair/giving.ts",
            find: "        endIntents(v)\n",
            replace: "        if (now < 0) endIntents(v)\n",
        },
    ],
}
