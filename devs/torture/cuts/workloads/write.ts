import { WHO, type Workload } from "../workload.ts"

/** Writes of one piece, of a whole group, and of more than one group. */
export const writes: Workload[] = [1, 8, 16].map(blocks => ({
    name: `write-${blocks}`,
    about: `a write of ${blocks} blocks, until both cards have it`,
    cards: "used",
    who: WHO,
    async prepare(stage) {
        await stage.boot()
        await stage.hostOf("a").comeBack()
    },
    async window(stage) {
        await stage.hostOf("a").write(3, blocks)
        await stage.untilOnCards()
    },
}))
