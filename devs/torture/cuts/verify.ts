/** What must hold after the power was cut. */
import { BOARD_NAMES, other, type BoardName } from "../../bench/pair.ts"
import type { Media } from "../../bench/sdcard/media.ts"
import { volumesOn } from "../../bench/superblock.ts"
import { REGION, type Stage } from "./stage.ts"

/** A host at a dead board's address is answered again. */
const TAKEOVER_LIMIT_US = 1e6
/** From power to service: 2.1 s, and cards that are slow. */
const START_LIMIT_US = 5e6
/** A survivor that has nothing to take over has noticed by then. */
const NOTICE_US = 600_000
/** From service until what may differ was copied, and volumes are at home. */
const HEAL_LIMIT_US = 30e6
/** Between the loss of power and its return. */
const OFF_US = 10_000
/** The block that is written when all has been read. */
const PROBE = REGION - 1

export interface CutContext {
    /** sectors may be neither old nor new */
    torn: boolean
    /** both boards said so at the cut */
    wasMirrored: boolean
    /** ends when the workload does */
    window: Promise<void>
}

export interface Verdict {
    /** from the cut until a host had read both volumes, microseconds */
    pauseUs: number
}

export async function verify(
    stage: Stage,
    context: CutContext,
): Promise<Verdict> {
    const cutAt = stage.bench.world.now
    const survivor = BOARD_NAMES.find(name => stage.board(name).isPowered)
    let pauseUs = 0
    if (survivor && context.wasMirrored) {
        await serviceAlone(stage, context, survivor)
        pauseUs = stage.bench.world.now - cutAt
        stage.bench.pair.setPower(false)
        stage.abandonHosts()
    } else {
        const rest = survivor ? NOTICE_US : OFF_US
        await stage.bench.script.sleep(rest)
    }
    await windowEnd(stage, context)
    const backAt = stage.bench.world.now
    await serviceAfterReturn(stage, context)
    pauseUs ||= stage.bench.world.now - backAt
    for (const name of BOARD_NAMES) {
        if (stage.bench.said(name, /not ours|^card failed/))
            throw new Error(`${name} refuses its card`)
        if (!hasPartitions(stage.bench.media[name]))
            throw new Error(`card of ${name} has no partition table`)
    }
    return { pauseUs }
}

/** The survivor answers at both addresses, with all that was acknowledged. */
async function serviceAlone(
    stage: Stage,
    context: CutContext,
    survivor: BoardName,
) {
    await windowEnd(stage, context)
    const deaths = { both: false, torn: false }
    for (const volume of BOARD_NAMES) {
        const host = stage.hostOf(volume)
        const what = `service of ${volume} by its partner`
        const values = await stage.within(
            what,
            TAKEOVER_LIMIT_US,
            host.persist(() => host.verify(deaths)),
        )
        await host.synchronize()
        values.forEach((v, lba) => stage.ledgers[volume].settle(lba, v))
        // acknowledged while alone: it is on the card
        await host.write(PROBE, 1, { isAlone: true })
    }
    if (!stage.bench.said(survivor, /^took over/))
        throw new Error(`${survivor} has not taken over`)
}

/** What was under way is answered, or known to be lost. */
async function windowEnd(stage: Stage, { window }: CutContext) {
    const what = "answer to what was under way"
    await stage.within(what, TAKEOVER_LIMIT_US, window)
    stage.isInterrupted = false
}

/** With power at both, all that was synchronised is served. */
async function serviceAfterReturn(stage: Stage, { torn }: CutContext) {
    const { bench } = stage
    const isClean = areEqual(stage)
    bench.pair.setPower(true)
    const hosts = BOARD_NAMES.map(volume => stage.newHost(volume))
    for (const [n, host] of hosts.entries()) {
        const volume = BOARD_NAMES[n]
        const what = `service of ${volume} after the power's return`
        const read = host.persist(() => host.verify({ both: true, torn }))
        await stage.within(what, START_LIMIT_US, read)
    }
    if (isClean) await stage.until(() => bench.isMirrored, 1e6, "mirrored pair")
    for (const host of hosts) {
        // its volume may be given back meanwhile
        await host.persist(() => host.write(PROBE, 1, { fua: true }))
        await host.persist(() => host.verify({ both: true, torn }))
    }
    await stage.until(() => bench.isMirrored, HEAL_LIMIT_US, "pair that is one")
    assertEqualCopies(stage)
}

/** Whether by both superblocks both copies are equal; SPEC.md, 2. */
function areEqual(stage: Stage): boolean {
    const [a, b] = BOARD_NAMES.map(name => volumesOn(stage.bench.media[name]))
    if (!a || !b) return false
    return a.every((v, i) => {
        const w = b[i]
        const isSettled = [v, w].every(x => !x.isActive && !x.isOutdated)
        return isSettled && v.epoch === w.epoch && !(v.isAlone && w.isAlone)
    })
}

function assertEqualCopies(stage: Stage) {
    for (const volume of BOARD_NAMES) {
        const own = stage.valuesOn(volume, volume)
        const mirror = stage.valuesOn(other(volume), volume)
        if (own.some((v, lba) => v !== mirror[lba]))
            throw new Error(
                `copies of ${volume} differ: ${own.join(" ")} at its home, ` +
                    mirror.join(" "),
            )
    }
}

/** Once a card has a partition table, it has a superblock. */
export function isSuperblockWhole(media: Media): boolean {
    return !hasPartitions(media) || !!volumesOn(media)
}

function hasPartitions(media: Media): boolean {
    return Buffer.from(media.read(0)).readUInt16BE(510) === 0x55aa
}
