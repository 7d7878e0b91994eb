/**
 * The fence hides it: the partner holds the reset before it serves. Shown by a
 * card that fails while the fence does not reach this board.
 */
import type { Bug } from "./bug.ts"

export const noWithdraw: Bug = {
    slug: "no-withdraw",
    name: "leaves its ports on the network when its card has failed",
    why: "two boards serve one volume",
    profile: ["card-removed", "fence-stuck-high"],
    patches: [
        {
            file: "src/pair/pair.ts",
            find: `    for (let i = 0; i < ports.length; ++i)
        if (ports[i].isActive) await withdraw(ports[i], "no card")
`,
            replace: "",
        },
    ],
}
