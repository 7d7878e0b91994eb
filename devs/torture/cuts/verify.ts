/** What must hold after the power was cut. */
import { BOARD_NAMES, other, type BoardName } from "../../bench/pair.ts"
import type { Media } from "../../bench/sdcard/media.ts"
import { volumesOn } from "../../bench/superblock.ts"
import { PROBE, type Stage } from "./stage.ts"
import { TAKEOVER_LIMIT_US, withoutPartner } from "./survivor.ts"
import type { Return } from "./workload.ts"

/** From power to service: 2.1 s, and cards that are slow. */
const START_LIMIT_US = 5e6
/** A board that starts without its partner has shown by then that it waits. */
const HEAD_START_US = 2.5e6
/** From service until what may differ was copied, and volumes are at home. */
const HEAL_LIMIT_US = 30e6
/** From what boards say to what both cards say. */
const SAVE_LIMIT_US = 1e6
/** Between the loss of power and its return. */
const OFF_US = 10_000

/** What the boards said at the cut. */
export interface Standing {
    /** both, that they are one pair */
    wasMirrored: boolean
    /** the volumes that the survivor has to serve by that */
    owed: readonly BoardName[]
}

export interface CutContext extends Standing {
    /** sectors may be neither old nor new */
    torn: boolean
    /** ends when the workload does */
    window: Promise<void>
    returns?: Return
    operate?(stage: Stage): void
}

export interface Verdict {
    /** from the cut until a host had read both volumes, microseconds */
    pauseUs: number
}

export async function verify(
    stage: Stage,
    context: CutContext,
): Promise<Verdict> {
    const { world, script } = stage.bench
    const cutAt = world.now
    const { owed } = context
    const survivor = BOARD_NAMES.find(name => stage.board(name).isPowered)
    await windowEnd(stage, context)
    if (survivor) await withoutPartner(stage, survivor, owed)
    else await script.sleep(OFF_US)
    const backAt = world.now
    const servedAt = await serviceAfterReturn(stage, context, survivor)
    for (const name of BOARD_NAMES) {
        if (stage.bench.said(name, /not ours|^card failed/))
            throw new Error(`${name} refuses its card`)
        if (!hasPartitions(stage.bench.media[name]))
            throw new Error(`card of ${name} has no partition table`)
    }
    const hasPaused = owed.length < BOARD_NAMES.length
    return { pauseUs: hasPaused ? servedAt - backAt : backAt - cutAt }
}

/** What was under way is answered, or known to be lost. */
async function windowEnd(stage: Stage, { window, owed }: CutContext) {
    // where nobody has to answer, nothing is waited for
    for (const volume of BOARD_NAMES)
        if (!owed.includes(volume)) stage.abandonHosts(volume)
    const what = "answer to what was under way"
    await stage.within(what, TAKEOVER_LIMIT_US, window)
    stage.isInterrupted = false
}

/**
 * With power at both, all that was synchronised is served, and the pair becomes
 * one again.
 * @returns when a host had read both volumes
 */
async function serviceAfterReturn(
    stage: Stage,
    context: CutContext,
    survivor?: BoardName,
) {
    const { bench } = stage
    const isClean = bringBack(stage, context, survivor)
    const deaths = { both: true, torn: context.torn }
    const hosts = BOARD_NAMES.map(volume => stage.newHost(volume))
    for (const [n, host] of hosts.entries()) {
        const what = `service of ${BOARD_NAMES[n]} after the power's return`
        const limit = START_LIMIT_US + HEAD_START_US
        await stage.within(
            what,
            limit,
            host.persist(() => host.verify(deaths)),
        )
    }
    const servedAt = bench.world.now
    if (isClean) await stage.until(() => bench.isMirrored, 1e6, "mirrored pair")
    for (const host of hosts) {
        // its volume may be given back meanwhile
        await host.persist(() => host.write(PROBE, 1, { fua: true }))
        await host.persist(() => host.verify(deaths))
    }
    context.operate?.(stage)
    await stage.until(() => bench.isMirrored, HEAL_LIMIT_US, "pair that is one")
    await assertEqualCards(stage)
    return servedAt
}

/** @returns whether they have to be one pair at once, by their cards */
function bringBack(
    stage: Stage,
    { returns, wasMirrored }: CutContext,
    survivor?: BoardName,
): boolean {
    const { pair, world } = stage.bench
    // a workload has cut it, and is over
    pair.cut("link", false)
    const how = returns ?? (wasMirrored ? "together" : "stays")
    if (survivor && how !== "stays") {
        pair.setPower(false)
        stage.abandonHosts()
    }
    const isClean = areEqual(stage)
    if (how === "stale-first") {
        stage.board(survivor ? other(survivor) : "b").setPower(true)
        world.after(HEAD_START_US, () => pair.setPower(true))
    } else pair.setPower(true)
    return isClean
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

/** Both boards have said that they are one pair: so say their cards. */
async function assertEqualCards(stage: Stage) {
    for (const name of BOARD_NAMES)
        if (stage.copies.isSplit(name))
            throw new Error(`${name} asks whose copy shall be discarded`)
    const differences = stage.differences()
    if (differences.length)
        throw new Error(`cards differ in sectors ${differences.join(" ")}`)
    await stage.until(
        () => areInStep(stage),
        SAVE_LIMIT_US,
        "superblocks of a mirrored pair",
    )
}

function areInStep(stage: Stage): boolean {
    const [a, b] = BOARD_NAMES.map(name => volumesOn(stage.bench.media[name]))
    if (!a || !b) return false
    return a.every(
        (v, i) =>
            v.epoch === b[i].epoch &&
            [v, b[i]].every(x => !x.isAlone && !x.isOutdated),
    )
}

/** Once a card has a partition table, it has a superblock. */
export function isSuperblockWhole(media: Media): boolean {
    return !hasPartitions(media) || !!volumesOn(media)
}

function hasPartitions(media: Media): boolean {
    return Buffer.from(media.read(0)).readUInt16BE(510) === 0x55aa
}
