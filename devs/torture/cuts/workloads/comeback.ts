import type { BoardName } from "../../../bench/pair.ts"
import { comeBackBehind } from "../acts.ts"
import { RETURNS, WHO, type Workload } from "../workload.ts"

/**
 * The volume is copied while its host writes: where both copies were equal, to
 * what was copied, and to what is not.
 */
function resync(name: string, volume: BoardName, whose: string): Workload {
    return {
        name,
        about: `three extents of ${whose} volume are copied, a host writes`,
        cards: "used",
        who: WHO,
        returns: RETURNS,
        async prepare(stage) {
            await comeBackBehind(stage)
            // the other volume's would log in anew when it is given back
            stage.abandonHosts(volume === "a" ? "b" : "a")
            const begun = new RegExp(`^volume ${volume} resyncing`)
            await stage.untilSaid("a", begun)
        },
        async window(stage) {
            await stage.hostOf(volume).write(24, 3)
            await stage.hostOf(volume).write(6, 6)
            const isOne = new RegExp(`^volume ${volume} mirrored again`)
            await stage.untilSaid("a", isOne)
        },
    }
}

const giveback: Workload = {
    name: "giveback",
    about: "a board that was away gets its volume back, and serves it",
    cards: "used",
    who: WHO,
    returns: RETURNS,
    async prepare(stage) {
        await comeBackBehind(stage)
        await stage.untilSaid("a", /^volume b mirrored again/)
    },
    async window(stage) {
        await stage.untilSaid("b", /^home port serves/)
    },
}

export const comebacks: Workload[] = [
    resync("resync-partners", "b", "the partner's"),
    giveback,
    resync("resync-own", "a", "the own"),
]
