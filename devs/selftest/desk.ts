/** Two boards with the self-test on a desk, and the person who sits there. */
import {
    BOARD_NAMES,
    unlimitedSpeed,
    type BoardName,
    type WireName,
} from "../bench/pair.ts"
import { VirtualBench, type VirtualOptions } from "../bench/virtual.ts"
import { buildProgram, SELFTEST } from "../vm/program.ts"
import type { WiringFault } from "./fault.ts"
import { isEnd, takeCheck, type Check } from "./lines.ts"

/** The conductors of the cable between the boards. */
const CABLE: WireName[] = ["beat-a", "beat-b", "fence-a", "fence-b", "present"]
/** A person reads a line, and does what it says. */
const HAND_US = 700_000
/** No self-test takes longer, whatever is broken. */
const LIMIT_US = 180e6
/** Two switches with one hand. */
const LATE_US = 4e6
/** A board that says nothing for so long is not going to. */
const QUIET_US = 45e6

export interface DeskOptions {
    fault?: WiringFault
    /** the board on which it is */
    board?: BoardName
    seed?: number
    speed?: VirtualOptions["speed"]
    /** which board gets its power first, and so much earlier; else both at once */
    first?: BoardName
    lateUs?: number
    /** the cable between the boards is in from the beginning */
    isPlugged?: boolean
    onLine?(ms: number, board: BoardName, text: string): void
}

/** What a board's last run has found. */
export interface Finding {
    checks: Check[]
    /** its last line; undefined: it never came to an end */
    end?: string
}

export class Desk {
    private readonly bench: VirtualBench
    private readonly findings: Record<BoardName, Finding> = {
        a: { checks: [] },
        b: { checks: [] },
    }
    private isPlugged?: boolean
    private heardAt = 0

    constructor(private readonly opts: DeskOptions) {
        const board = opts.board ?? "a"
        this.bench = new VirtualBench({
            program: buildProgram(SELFTEST),
            seed: opts.seed ?? 1,
            speed: opts.speed ?? unlimitedSpeed(),
            onEvent: (name, text) => this.heard(name, text),
            onHalt: name => this.forget(name),
            ...opts.fault?.bench?.(board),
        })
        opts.fault?.apply?.(this.bench.pair, board)
    }

    /** Follows both boards to their ends. @returns what each has found */
    run(): Record<BoardName, Finding> {
        const { world, pair } = this.bench
        const { first, lateUs = LATE_US, isPlugged = false } = this.opts
        this.plug(isPlugged)
        for (const name of BOARD_NAMES) {
            const isLate = first !== undefined && name !== first
            const { board } = pair.nodes[name]
            world.after(isLate ? lateUs : 0, () => board.setPower(true))
        }
        this.heardAt = world.now
        this.bench.runWhile(
            () => !this.isOver(),
            LIMIT_US,
            "the end of the self-test",
        )
        return this.findings
    }

    private isOver() {
        const { now } = this.bench.world
        const ended = BOARD_NAMES.filter(n => this.findings[n].end)
        if (ended.length === 2) return true
        return now - this.heardAt > QUIET_US && ended.length > 0
    }

    private heard(name: BoardName, text: string) {
        const { world } = this.bench
        this.opts.onLine?.(world.now / 1000, name, text)
        const finding = this.findings[name]
        if (text === "selftest starts") this.forget(name)
        const check = takeCheck(text)
        if (check) finding.checks.push(check)
        if (isEnd(text)) finding.end = text
        if (!/^selftest waits/.test(text)) this.heardAt = world.now
        this.obey(text)
    }

    private forget(name: BoardName) {
        this.findings[name].checks = []
        this.findings[name].end = undefined
    }

    /** The person does as a board asks. */
    private obey(text: string) {
        const out = /^selftest waits: take the cable/.test(text)
        if (!out && !/^selftest waits: put the cable/.test(text)) return
        this.bench.world.after(HAND_US, () => this.plug(!out))
    }

    private plug(isIn: boolean) {
        if (isIn === this.isPlugged) return
        this.isPlugged = isIn
        const { pair } = this.bench
        for (const wire of CABLE) pair.cut(wire, !isIn)
        this.opts.fault?.plugged?.(pair, this.opts.board ?? "a", isIn)
    }
}
