/**
 * Shown by both losing power within milliseconds of the answer.
 */
import type { Bug } from "./bug.ts"

export const fuaNoWait: Bug = {
    slug: "fua-no-wait",
    name: "FUA does not wait",
    why: "a write with FUA is gone after both boards lost power",
    profile: ["power-both", "card-slow"],
    patches: [
        {
            file: "src/iscsi/command.ts",
            find: `    if (isForced) t.flags |= TaskFlag.Forced
`,
            replace: "",
        },
    ],
}
