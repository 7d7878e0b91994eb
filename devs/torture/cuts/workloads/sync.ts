import { WHO, type Workload } from "../workload.ts"

export const sync: Workload = {
    name: "sync",
    about: "three writes, SYNCHRONIZE CACHE, and one of them anew",
    cards: "used",
    who: WHO,
    async prepare(stage) {
        await stage.boot()
        await stage.hostOf("a").comeBack()
    },
    async window(stage) {
        const host = stage.hostOf("a")
        for (const lba of [0, 4, 12]) await host.write(lba, 4)
        await host.synchronize()
        await host.write(4, 4)
        await stage.untilOnCards()
    },
}
