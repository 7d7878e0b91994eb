/**
 * Shown by a card that is gone, and hosts that go on writing.
 */
import type { Bug } from "./bug.ts"

export const noStepDown: Bug = {
    slug: "no-step-down",
    name: "goes on when its card has failed",
    why: "hosts wait for ever for a board without a card, though its partner has everything",
    profile: ["card-removed"],
    patches: [
        {
            file: "src/pair/pair.ts",
            find: `    if (cardHasFailed() && isAllMirrored()) {
        await stepDown()
        return true
    }
`,
            replace: "",
        },
    ],
}
