/** One run of a workload, in which the power is cut at one SPI transfer. */
import { BOARD_NAMES, type BoardName } from "../../bench/pair.ts"
import { ConnectionLost } from "../../initiator/initiator.ts"
import { Random } from "../../sim/random.ts"
import { buildProgram, type Program } from "../../vm/program.ts"
import { BLANK } from "../blocks.ts"
import { powerLoss, type Mode } from "./modes.ts"
import { CutOff } from "./host.ts"
import { blankCards, copyOf, Stage, USED, type Cards } from "./stage.ts"
import { REGION } from "./stage.ts"
import {
    isSuperblockWhole,
    verify,
    type Standing,
    type Verdict,
} from "./verify.ts"
import type { Who, Workload } from "./workload.ts"

const SEED = 1
/** No point needs more virtual time. */
const LIMIT_US = 60e6
/** A volume that is not written to is marked so on both cards. */
const QUIET_US = 2.5e6

export interface Point {
    workload: Workload
    who: Who
    mode: Mode
    /** the power is cut before this transfer of the window; the first is 1 */
    k: number
}

/** What a window's SPI transfers are without a cut: who made them, and when. */
export interface Rehearsal {
    makers: BoardName[]
    /** microseconds, by the maker's clock */
    at: number[]
}

export interface PointResult extends Verdict {
    /** sectors that were being programmed when the power was cut */
    pending: number
}

/** Runs a workload without a cut. */
export async function rehearse(workload: Workload): Promise<Rehearsal> {
    const stage = newStage(workload)
    const rehearsal: Rehearsal = { makers: [], at: [] }
    await stage.bench.runScript(async () => {
        await workload.prepare?.(stage)
        onTransfers(stage, (maker, at) => {
            rehearsal.makers.push(maker)
            rehearsal.at.push(at)
        })
        await workload.window(stage)
    }, LIMIT_US)
    return rehearsal
}

/**
 * @throws when anything is not as it must be after the cut
 */
export async function runPoint(
    point: Point,
    rehearsal: Rehearsal,
): Promise<PointResult> {
    const stage = newStage(point.workload)
    const cut = new PowerCut(stage, point, rehearsal)
    return await stage.bench.runScript(async () => {
        await point.workload.prepare?.(stage)
        const { workload, k } = point
        const standing = await cut.during(() => workload.window(stage))
        const verdict = await verify(stage, {
            ...standing,
            torn: point.mode === "torn",
            window: cut.window,
            returns: workload.returns?.[k % workload.returns.length],
            operate: workload.operate,
        })
        return { ...verdict, pending: cut.pending }
    }, LIMIT_US)
}

class PowerCut {
    /** sectors that were being programmed then */
    pending = 0
    /** ends when the workload does */
    window: Promise<void> = Promise.resolve()
    private isDone = false

    constructor(
        private readonly stage: Stage,
        private readonly point: Point,
        private readonly rehearsal: Rehearsal,
    ) {
        const { workload, who, k } = point
        const name = `${workload.name} ${who} ${k}`
        const random = new Random(hash(name))
        for (const board of BOARD_NAMES) {
            const outcome = powerLoss(point.mode, random.fork())
            const { faults } = stage.bench.pair.nodes[board].card
            faults.powerLoss = sectors => {
                this.pending += sectors.length
                return outcome(sectors)
            }
        }
    }

    /**
     * Runs the workload's window until the cut.
     * @returns what the boards said then
     */
    async during(window: () => Promise<void>): Promise<Standing> {
        const { stage, point } = this
        let standing: Standing = { wasMirrored: false, owed: [] }
        const isCut = new Promise<void>(resolve => {
            let n = 0
            onTransfers(stage, (maker, at) => {
                this.assertRehearsed(n++, maker, at)
                if (n !== point.k) return
                onTransfers(stage, undefined)
                const { isMirrored: wasMirrored } = stage.bench
                this.cut()
                standing = { wasMirrored, owed: owedBy(stage) }
                resolve()
                stage.bench.script.settled()
            })
        })
        this.window = window().catch((e: unknown) => {
            const isOfCut = e instanceof CutOff || e instanceof ConnectionLost
            if (!isOfCut || !this.isDone) throw e
        })
        const ended = this.window.then(() => {
            if (!this.isDone) throw new Error(`no transfer ${point.k}`)
        })
        await Promise.race([isCut, ended])
        return standing
    }

    private cut() {
        const { stage, point } = this
        this.isDone = stage.isInterrupted = true
        for (const name of BOARD_NAMES)
            if (point.who === "both" || point.who === name)
                stage.board(name).setPower(false)
        // nobody would answer them
        if (BOARD_NAMES.every(name => !stage.board(name).isPowered))
            stage.abandonHosts()
        assertSuperblocks(stage)
    }

    /** Until the cut, everything is as without it. */
    private assertRehearsed(n: number, maker: BoardName, at: number) {
        const { makers, at: times } = this.rehearsal
        if (maker !== makers[n] || at !== times[n])
            throw new Error(
                `transfer ${n + 1} by ${maker} at ${at}, ` +
                    `not by ${makers[n]} at ${times[n]} as without a cut`,
            )
    }
}

/** The volumes that a survivor has to serve, by what it has said. */
function owedBy(stage: Stage): BoardName[] {
    const survivor = BOARD_NAMES.find(name => stage.board(name).isPowered)
    const isLinkCut = stage.bench.pair.isCut("link")
    if (!survivor) return []
    return BOARD_NAMES.filter(volume =>
        stage.copies.isOwed(survivor, volume, isLinkCut),
    )
}

function onTransfers(
    stage: Stage,
    f: ((maker: BoardName, at: number) => void) | undefined,
) {
    for (const name of BOARD_NAMES) {
        const board = stage.board(name)
        board.onTransfer = f && (() => f(name, board.now))
    }
}

function assertSuperblocks(stage: Stage) {
    for (const name of BOARD_NAMES)
        if (!isSuperblockWhole(stage.bench.media[name]))
            throw new Error(`card of ${name}: no superblock is whole`)
}

/// Where it begins ///

let program: Program | undefined
let usedCards: Cards | undefined

/** Plays with other firmware from now on: for tests of the checks. */
export function playWith(firmware: Program) {
    program = firmware
    usedCards = undefined
}

function newStage(workload: Workload): Stage {
    program ??= buildProgram()
    if (workload.cards === "blank")
        return new Stage({
            program,
            seed: SEED,
            cards: blankCards(),
            before: BLANK,
        })
    if (!usedCards) throw new Error("call prepareCards first")
    const cards = copyOf(usedCards)
    return new Stage({ program, seed: SEED, cards, before: USED })
}

/** Makes cards that were used and stopped in good order, once a process. */
export async function prepareCards() {
    if (usedCards) return
    program ??= buildProgram()
    const cards = blankCards()
    const stage = new Stage({ program, seed: SEED, cards, before: BLANK })
    await stage.bench.runScript(async () => {
        await stage.boot()
        for (const volume of BOARD_NAMES) {
            const host = stage.hostOf(volume)
            await host.comeBack()
            await host.write(0, REGION)
            await host.synchronize()
        }
        await stage.bench.script.sleep(QUIET_US)
    }, LIMIT_US)
    stage.bench.pair.setPower(false)
    usedCards = cards
}

/** FNV-1a */
function hash(text: string) {
    let h = 0x811c9dc5
    for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 0x01000193)
    return h
}
