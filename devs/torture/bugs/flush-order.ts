/**
 * Needs no fault: overlapping writes that wait in the log together, and a read
 * after they have left it.
 */
import type { Bug } from "./bug.ts"

export const flushOrder: Bug = {
    slug: "flush-order",
    name: "flushes two writes in the wrong order",
    why: "where two writes overlap, the older one stays",
    profile: [],
    patches: [
        {
            file: "src/store/storage.ts",
            find: `        const last = endOfBatch(v, to)
`,
            replace: `        let last = endOfBatch(v, to)
        const isPair = last === v.durable + 1 && last < v.committed
        if (isPair) last++
`,
        },
        {
            file: "src/store/storage.ts",
            find: `            done = await writeBatch(v, last)
`,
            replace: `            done = isPair
                ? (await writeBatch(v, last, last)) &&
                  (await writeBatch(v, last - 1, last - 1))
                : await writeBatch(v, v.durable + 1, last)
`,
        },
        {
            file: "src/store/storage.ts",
            find: `async function writeBatch(v: Volume, last: number): Promise<boolean> {
    const first = (v.durable + 1) & LOG_MASK
`,
            replace: `async function writeBatch(
    v: Volume,
    from: number,
    last: number,
): Promise<boolean> {
    const first = from & LOG_MASK
`,
        },
        {
            file: "src/store/storage.ts",
            find: "    for (let s = v.durable + 1; s <= last; ++s) {",
            replace: "    for (let s = from; s <= last; ++s) {",
        },
    ],
}
