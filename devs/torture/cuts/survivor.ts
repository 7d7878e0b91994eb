/** What a board must do while its partner has no power. */
import { BOARD_NAMES, type BoardName } from "../../bench/pair.ts"
import { ConnectionLost } from "../../initiator/initiator.ts"
import type { Host } from "./host.ts"
import type { Deaths } from "./ledger.ts"
import { PROBE, type Stage } from "./stage.ts"

/** A host at a dead board's address is answered again. */
export const TAKEOVER_LIMIT_US = 1e6
/** A survivor that has nothing to take over has noticed by then. */
const NOTICE_US = 600_000

/** Whoever serves at all has everything that was acknowledged. */
const OF_ONE: Deaths = { both: false, torn: false }

/**
 * The survivor serves what it owes. The rest it serves as well, with all that
 * was acknowledged, or it waits for its partner.
 */
export async function withoutPartner(
    stage: Stage,
    survivor: BoardName,
    owed: readonly BoardName[],
) {
    for (const volume of owed) {
        const host = stage.hostOf(volume)
        const what = `service of ${volume} by ${survivor}`
        const using = use(stage, host, volume)
        await stage.within(what, TAKEOVER_LIMIT_US, using)
    }
    const rest = BOARD_NAMES.filter(volume => !owed.includes(volume))
    await Promise.all(rest.map(v => serviceOrRefusal(stage, survivor, v)))
}

/** Reads a volume, and writes to it. */
async function use(stage: Stage, host: Host, volume: BoardName) {
    const values = await host.persist(async () => {
        const read = await host.verify(OF_ONE)
        await host.synchronize()
        return read
    })
    values.forEach((v, lba) => stage.ledgers[volume].settle(lba, v))
    // acknowledged while alone: it is on the card
    await host.persist(() => host.write(PROBE, 1))
}

async function serviceOrRefusal(
    stage: Stage,
    survivor: BoardName,
    volume: BoardName,
) {
    const host = stage.newHost(volume)
    let isServed = false
    const using = use(stage, host, volume).then(() => {
        isServed = true
    })
    await Promise.race([using, stage.bench.script.sleep(NOTICE_US)])
    const mode = stage.copies.modeOf(survivor, volume) ?? "waiting"
    if (!isServed && mode !== "waiting") {
        // it has only just found that it may
        const what = `service of ${volume} by ${survivor}, where it is ${mode}`
        await stage.within(what, TAKEOVER_LIMIT_US, using)
    }
    if (isServed) return
    host.abort()
    await using.catch((e: unknown) => {
        if (!(e instanceof ConnectionLost)) throw e
    })
}
