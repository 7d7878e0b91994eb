import { WHO, type Workload } from "../workload.ts"

export const fua: Workload = {
    name: "fua",
    about: "a write, and one of other blocks with FUA",
    cards: "used",
    who: WHO,
    async prepare(stage) {
        await stage.boot()
        await stage.hostOf("a").comeBack()
    },
    async window(stage) {
        const host = stage.hostOf("a")
        await host.write(0, 2)
        await host.write(3, 8, { fua: true })
        await stage.untilOnCards()
    },
}
