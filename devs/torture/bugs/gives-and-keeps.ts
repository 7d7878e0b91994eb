/** Shown by any volume that moves from one board to the other. */
import type { Bug } from "./bug.ts"

export const givesAndKeeps: Bug = {
    slug: "gives-and-keeps",
    name: "gives a volume, and goes on answering at its address",
    why: "two boards are one target: each has writes that the other has not",
    profile: ["takeover"],
    patches: [
        {
            file: "src/pair/giving.ts",
            find: `    await withdraw(port, "given away")
`,
            replace: "",
        },
    ],
}
