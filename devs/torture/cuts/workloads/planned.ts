import { comeAll } from "../acts.ts"
import type { Stage } from "../stage.ts"
import { RETURNS, WHO, type Workload } from "../workload.ts"

/** Board b has both volumes only as long as an operator wants it. */
function giveback(stage: Stage) {
    stage.board("b").command("giveback")
}

/** One that has started anew keeps nothing. */
function endTakeover(stage: Stage) {
    if (stage.board("b").isRunning) giveback(stage)
}

async function pairAtWork(stage: Stage) {
    await stage.boot()
    await comeAll(stage)
    await stage.hostOf("a").write(0, 4)
}

const takeover: Workload = {
    name: "planned-takeover",
    about: "an operator has b serve both volumes, and a host writes",
    cards: "used",
    who: WHO,
    returns: RETURNS,
    prepare: pairAtWork,
    async window(stage) {
        stage.board("b").command("takeover")
        await stage.untilSaid("b", /^volume a taken/)
        const host = stage.hostOf("a")
        await host.persist(() => host.write(2, 8))
    },
    operate: endTakeover,
}

const back: Workload = {
    name: "planned-giveback",
    about: "an operator has b give a's volume back, and a serves it",
    cards: "used",
    who: WHO,
    returns: RETURNS,
    async prepare(stage) {
        await pairAtWork(stage)
        await takeover.window(stage)
    },
    async window(stage) {
        await stage.hostOf("a").write(6, 8)
        giveback(stage)
        await stage.untilSaid("a", /^volume a is home again/)
        const { a } = stage.bench.consoles
        await stage.until(() => a.status.serves === "a", 1e6, "service at home")
    },
    operate: endTakeover,
}

export const planned: Workload[] = [takeover, back]
