/**
 * Shown by the table of tasks at the end, when a read was aborted while the card
 * worked on it.
 */
import type { Bug } from "./bug.ts"

export const taskLeak: Bug = {
    slug: "task-leak",
    name: "never frees the task of a read that was aborted",
    why: "after some aborted reads the target takes no more commands",
    profile: ["host-abort-set", "host-lun-reset", "card-slow"],
    patches: [
        {
            file: "src/iscsi/task.ts",
            find: `        t.state = TaskState.Aborted
        aborted++
`,
            replace: `        t.state = TaskState.Aborted
`,
        },
        {
            file: "src/iscsi/task.ts",
            find: "        if (t.conn !== c || isOrphan(t)",
            replace: `        if (t.state === TaskState.Aborted) continue
        if (t.conn !== c || isOrphan(t)`,
        },
    ],
}
