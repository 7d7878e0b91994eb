import { BOARD_NAMES } from "../../../bench/pair.ts"
import { comeAll, die, writeThree } from "../acts.ts"
import type { Stage } from "../stage.ts"
import { RETURNS, WHO, type Workload } from "../workload.ts"

/**
 * Board b comes back with a new card. The pair is new as well, and a has written
 * alone since: so there is no more to be copied than three extents.
 */
async function replaceCard(stage: Stage) {
    await stage.boot()
    await comeAll(stage)
    await die(stage, "b")
    for (const volume of BOARD_NAMES) await writeThree(stage, volume)
    stage.bench.media.b.erase()
    stage.board("b").setPower(true)
}

const format: Workload = {
    name: "new-card-format",
    about: "b starts with a blank card in place of its own",
    cards: "blank",
    who: WHO,
    returns: RETURNS,
    async prepare(stage) {
        await replaceCard(stage)
        const { card } = stage.bench.pair.nodes.b
        await stage.until(() => !card.isSettled, 3e6, "write to the new card")
    },
    async window(stage) {
        await stage.untilSaid("b", /^card was blank: formatted/)
    },
}

const fill: Workload = {
    name: "new-card-fill",
    about: "b's new card gets a volume, while its host writes",
    cards: "blank",
    who: WHO,
    returns: RETURNS,
    async prepare(stage) {
        await replaceCard(stage)
        await stage.untilSaid("a", /^volume b resyncing/)
    },
    async window(stage) {
        await stage.hostOf("b").write(6, 6)
        await stage.untilSaid("a", /^volume b mirrored again/)
    },
}

export const newCards: Workload[] = [format, fill]
