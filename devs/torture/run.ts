/** One history, from its plan to its verdict. */
import { FirmwarePanic } from "../bench/board.ts"
import type { ConsoleEvent } from "../bench/console.ts"
import { BOARD_NAMES, other, type BoardName } from "../bench/pair.ts"
import { VirtualBench } from "../bench/virtual.ts"
import { Random } from "../sim/random.ts"
import type { Program } from "../vm/program.ts"
import { checks } from "./checks/index.ts"
import { Digest } from "./digest.ts"
import type { Begun } from "./faults/fault.ts"
import { faults } from "./faults/index.ts"
import { copyingUs, excuse, isOne, isSplit } from "./healing.ts"
import { History } from "./history.ts"
import { TortureHost } from "./host.ts"
import type { Plan, PlannedFault } from "./plan.ts"
import { Scene } from "./scene.ts"
import { Servings } from "./servings.ts"
import { workloads } from "./workloads/index.ts"

const MIB = 32
const BLOCKS_PER_VOLUME = MIB * 2048
/** All is healed: whoever is alive must serve again within this time. */
const ALIVE_AGAIN_US = 20e6
/** Boards that can are one pair again within this time, and what copying takes. */
const ONE_AGAIN_US = 60e6
/** Between an operator's choices of a copy; the first may be refused. */
const CHOOSE_US = 1e6
/** Hosts end what they have begun. */
const STOP_US = 10e6
/** A thousand blocks are read, maybe while the boards copy to each other. */
const READ_US = 60e6
/** Logs are flushed, marks are set, and counters are told. */
const REST_US = 4e6
/** Keep-alive after 15 s, and the attempts that it takes. */
const VANISHED_US = 20e6

export interface Outcome {
    plan: Plan
    /** of everything that happened */
    digest: string
    /** what was wrong, by the name of the check; empty: nothing */
    violations: { check: string; what: string }[]
    /** what the faults did, with the time in milliseconds */
    story: string[]
    /** the consoles of both boards */
    events: ConsoleEvent[]
    virtualUs: number
    takeovers: number
    /** commands that were answered, and commands that were checked */
    answered: number
    checked: number
    isForfeit: boolean
    /** two boards served, and neither could know */
    wasBlind: boolean
}

/** Plays a plan. */
export async function run(plan: Plan, program: Program): Promise<Outcome> {
    return await new Run(plan, program).play()
}

class Run {
    private readonly bench: VirtualBench
    private readonly scene: Scene
    private readonly history = new History()
    private readonly digest = new Digest()
    private readonly servings: Servings
    private readonly violations: Outcome["violations"] = []
    private readonly story: string[] = []
    /** faults that are not over, and whom to tell when they are */
    private readonly begun = new Map<Begun, () => void>()
    private startedAt = 0
    /** when a copy was last chosen */
    private chosenAt = 0
    private values = 0

    constructor(
        private readonly plan: Plan,
        program: Program,
    ) {
        const now = () => this.bench.world.now
        const { mirror } = plan
        const isAsync = BOARD_NAMES.map(name => mirror?.[name] === "async")
        this.servings = new Servings(this.history, now, isAsync)
        this.bench = new VirtualBench({
            program,
            seed: plan.seed,
            mib: MIB,
            mirror,
            clockRate: plan.clockRate,
            onLine: (_, line) => {
                this.digest.add(now(), line)
            },
            onEvent: (board, text) => {
                this.servings.event(board, text)
                // one may take itself out of the list
                for (const f of [...this.scene.onEvent]) f(board, text)
            },
            onHalt: board => {
                this.digest.add(now(), `${board} halts`)
                this.servings.halt(board)
            },
        })
        const hosts = plan.hosts.map(
            h =>
                new TortureHost(this.bench, {
                    name: h.name,
                    target: h.target,
                    workload: workloads.get(h.workload)!,
                    region: plan.region,
                    history: this.history,
                    random: new Random(h.seed),
                    nextValue: () => ++this.values,
                }),
        )
        this.scene = new Scene(
            this.bench,
            this.history,
            hosts,
            plan.region,
            plan.faults.map(f => f.name),
            BLOCKS_PER_VOLUME,
            mirror,
        )
        this.digest.watch(this.scene)
    }

    async play(): Promise<Outcome> {
        const watching = checks.map(c => ({
            ...c,
            watched: c.watch(this.scene),
        }))
        try {
            this.bench.boot()
            await this.bench.runScript(() => this.live(), Infinity)
        } catch (e) {
            const check = e instanceof FirmwarePanic ? "panic" : "run"
            this.fail(check, (e as Error).message)
        }
        const hasEnded = !this.violations.length
        for (const { name, needsEnd, watched } of watching)
            if (hasEnded || !needsEnd)
                for (const what of watched()) this.fail(name, what)
        return this.outcome()
    }

    /** The script: work, faults, healing, rest. */
    private async live() {
        const { script } = this.bench
        this.startedAt = this.bench.world.now
        const running = this.scene.hosts.map(h => h.run())
        this.delayBoards()
        for (const f of this.plan.faults) this.schedule(f)
        await script.sleep(this.plan.runUs)
        this.heal()
        if (await this.untilAlive()) {
            await this.untilOne()
            for (const h of this.scene.hosts) h.stop()
            const all = Promise.all(running)
            await this.within(STOP_US, all, "the hosts' last commands")
            for (const h of this.readers())
                await this.within(READ_US, h.readAll(), "reading all blocks")
        }
        await script.sleep(REST_US)
        await this.untilForgotten()
        while (this.hasJustCopied()) await script.sleep(REST_US)
    }

    /** A long copying may end while all else rests: counters are older. */
    private hasJustCopied() {
        const { world, events } = this.bench
        const since = (world.now - REST_US) / 1000
        return events.some(e => e.ms > since && /mirrored again/.test(e.text))
    }

    /** One host of each volume that has any. */
    private readers() {
        return BOARD_NAMES.flatMap(name =>
            this.scene.hosts.filter(h => h.target === name).slice(0, 1),
        )
    }

    /** A host whose last word the LAN has lost is found out by keep-alive. */
    private async untilForgotten() {
        const { world, script, consoles } = this.bench
        const until = world.now + VANISHED_US
        const isIn = (name: BoardName) =>
            this.scene.node(name).board.isRunning &&
            consoles[name].status.sessions > "0"
        while (BOARD_NAMES.some(isIn) && world.now < until)
            await script.sleep(1e6)
    }

    /// Faults ///

    private schedule(f: PlannedFault) {
        const { world } = this.bench
        world.at(this.startedAt + f.at, () => {
            const fault = faults.get(f.name)!
            const begun = fault.begin(this.scene, new Random(f.seed))
            if (fault.family === "card") this.scene.mayFailCommands = true
            const isOver = this.scene.faultBegins(f.name, begun.hides)
            const lasts = f.lasts ? ` for ${f.lasts / 1000} ms` : ""
            this.tell(`${f.name}: ${begun.what}${lasts}`)
            if (!begun.end) return isOver()
            this.begun.set(begun, isOver)
            if (f.lasts) world.after(f.lasts, () => this.end(begun))
        })
    }

    private end(begun: Begun) {
        const isOver = this.begun.get(begun)
        if (!isOver) return
        this.begun.delete(begun)
        begun.end?.()
        isOver()
        this.tell(`over: ${begun.what}`)
    }

    /** All faults end, and somebody comes and presses buttons. */
    private heal() {
        for (const b of [...this.begun.keys()]) this.end(b)
        for (const name of BOARD_NAMES) {
            // a shorted fence line keeps a reset button from working
            if (this.scene.node(name).board.isHung) this.powerCycle(name)
        }
        this.tell("all is healed")
    }

    /** A board that says its card has failed gets it anew, and a start. */
    private replaceCards() {
        for (const name of BOARD_NAMES) {
            if (this.bench.consoles[name].status.card !== "failed") continue
            this.tell(`${name} says that its card has failed: restarted`)
            this.powerCycle(name)
        }
    }

    private powerCycle(name: BoardName) {
        const { board } = this.scene.node(name)
        const isOver = this.scene.faultBegins("power-cut")
        board.setPower(false)
        board.setPower(true)
        isOver()
    }

    /** Interrupts, USB, and the garbage collector take their time. */
    private delayBoards() {
        const { delays } = this.plan
        if (!delays) return
        const { everyUs, longestUs } = delays
        for (const name of BOARD_NAMES) {
            const random = this.bench.random.fork()
            const next = () => {
                this.bench.world.after(random.int(1, 2 * everyUs), () => {
                    const us = longestUs * random.unit() ** 3
                    this.bench.pair.nodes[name].board.delay(us)
                    next()
                })
            }
            next()
        }
    }

    private tell(what: string) {
        const ms = (this.bench.world.now - this.startedAt) / 1000
        this.story.push(`${ms.toFixed(1).padStart(9)} ms  ${what}`)
        this.digest.add(this.bench.world.now, what)
    }

    /// Liveness ///

    private async untilAlive() {
        const { world, script } = this.bench
        const from = world.now
        const isAlive = () => this.scene.hosts.every(h => h.lastAt > from)
        while (!isAlive() && world.now < from + ALIVE_AGAIN_US) {
            await script.sleep(20_000)
            this.replaceCards()
            this.chooseCopy()
        }
        if (isAlive()) return true
        const waiting = this.scene.hosts.filter(h => h.lastAt <= from)
        this.fail(
            "liveness",
            `${waiting.map(h => `${h.name} at ${h.target}`).join(", ")}: ` +
                `nothing answered for ${ALIVE_AGAIN_US / 1e6} s after all was healed`,
        )
        return false
    }

    /** A board that was away is caught up, and gets its volume back. */
    private async untilOne() {
        const { world, script } = this.bench
        const from = world.now
        while (!isOne(this.scene) && !excuse(this.scene)) {
            const limit = ONE_AGAIN_US + copyingUs(this.scene)
            if (world.now > from + limit)
                return this.fail(
                    "one-again",
                    `the boards are no pair ${(limit / 1e6).toFixed(0)} s ` +
                        "after service was back",
                )
            await script.sleep(50_000)
            this.replaceCards()
            this.chooseCopy()
            this.giveBack()
        }
    }

    /** Two boards served one volume, unknowing: an operator has to choose. */
    private chooseCopy() {
        const { now } = this.bench.world
        const discards = BOARD_NAMES[this.plan.seed & 1]
        if (!this.scene.wasBlind || now < this.chosenAt + CHOOSE_US) return
        if (!isSplit(this.scene, discards)) return
        this.chosenAt = now
        this.tell(`${discards} shall discard its copy`)
        this.scene.command(discards, "discard")
    }

    /** An operator's last word may have met a board that did not listen. */
    private giveBack() {
        if (!this.plan.faults.some(f => f.name.startsWith("takeover"))) return
        for (const name of BOARD_NAMES) {
            const { status } = this.bench.consoles[name]
            if (/^mirrored/.test(status[`volume.${other(name)}`]))
                this.scene.command(name, "giveback")
        }
    }

    private async within<T>(us: number, what: Promise<T>, name: string) {
        const { script } = this.bench
        let isDone = false
        const late = script.sleep(us).then(() => {
            if (!isDone) throw new Error(`${name}: not over in ${us / 1e6} s`)
        })
        await Promise.race([
            late,
            what.then(() => {
                isDone = true
            }),
        ])
    }

    private fail(check: string, what: string) {
        this.violations.push({ check, what })
    }

    private outcome(): Outcome {
        for (const op of this.history.ops)
            this.digest.add(
                op.start,
                `${op.end} ${op.kind} ${op.values.join()}`,
            )
        this.digest.addBoards(this.bench)
        return {
            plan: this.plan,
            digest: this.digest.end(this.bench.world.now),
            violations: this.violations,
            story: this.story,
            events: this.bench.events,
            virtualUs: this.bench.world.now,
            takeovers: this.bench.events.filter(e => /^took over/.test(e.text))
                .length,
            answered: this.scene.hosts.reduce((n, h) => n + h.answered, 0),
            checked: this.history.operations,
            isForfeit: this.scene.dataIsForfeit,
            wasBlind: this.scene.wasBlind,
        }
    }
}
