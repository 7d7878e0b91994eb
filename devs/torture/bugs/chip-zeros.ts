/** Shown by a W5500 that resets itself while a write's data are read. */
import type { Bug } from "./bug.ts"

export const chipZeros: Bug = {
    slug: "chip-zeros",
    name: "takes what a chip gives that has reset itself",
    why: "zeros that no host has written get to the cards",
    profile: ["chip-reset"],
    patches: [
        {
            file: "src/drivers/w5500.ts",
            find: "    return srAnswer[HEADER] === s.sr",
            replace: "    return true",
        },
    ],
}
