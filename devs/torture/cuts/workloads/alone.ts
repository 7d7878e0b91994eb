import { BOARD_NAMES, other } from "../../../bench/pair.ts"
import { atOnce, comeAll, die } from "../acts.ts"
import { RETURNS, WHO, type Workload } from "../workload.ts"
import type { Stage } from "../stage.ts"

/** Both hosts write at once, twice: to an extent each, and to the next one. */
async function writeBoth(stage: Stage) {
    const hosts = BOARD_NAMES.map(volume => stage.hostOf(volume))
    for (const lba of [6, 14])
        await atOnce(hosts.map(host => host.write(lba, 4)))
}

/** A board that is alone marks what it writes. */
const marks: Workload[] = BOARD_NAMES.map(survivor => ({
    name: `marks-by-${survivor}`,
    about: `${other(survivor)} is dead, ${survivor} writes to new extents`,
    cards: "used",
    who: [survivor],
    async prepare(stage) {
        await stage.boot()
        await comeAll(stage)
        await die(stage, other(survivor))
    },
    window: writeBoth,
}))

/** Both boards live, and each goes on alone with its own volume. */
const linkLost: Workload = {
    name: "link-lost",
    about: "the link is cut, each board goes on alone and writes",
    cards: "used",
    who: WHO,
    returns: RETURNS,
    async prepare(stage) {
        await stage.boot()
        await comeAll(stage)
        for (const volume of BOARD_NAMES) await stage.hostOf(volume).write(0, 2)
    },
    async window(stage) {
        stage.bench.pair.cut("link", true)
        await writeBoth(stage)
    },
}

export const alone: Workload[] = [...marks, linkLost]
