import { atOnce } from "../acts.ts"
import { WHO, type Workload } from "../workload.ts"

const first = [2, 8] as const
const second = [6, 8] as const

/** Two writes under way at once, which have half of their blocks in common. */
export const overlaps: Workload[] = [
    {
        name: "overlap-commands",
        about: "two overlapping writes in flight, of one host",
        cards: "used",
        who: WHO,
        async prepare(stage) {
            await stage.boot()
            await stage.hostOf("a").comeBack()
        },
        async window(stage) {
            const host = stage.hostOf("a")
            await atOnce([host.write(...first), host.write(...second)])
            await stage.untilOnCards()
        },
    },
    {
        name: "overlap-hosts",
        about: "two overlapping writes in flight, of two hosts",
        cards: "used",
        who: WHO,
        async prepare(stage) {
            await stage.boot()
            await stage.hostOf("a").comeBack()
            await stage.newHost("a").comeBack()
        },
        async window(stage) {
            const [one, other] = stage.hostsOf("a")
            await atOnce([one.write(...first), other.write(...second)])
            await stage.untilOnCards()
        },
    },
]
