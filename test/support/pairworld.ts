/**
 * Two boards' heartbeat, detector and fencing on simulated wires, without a VM:
 * the real fibers of src/pair/heartbeat.ts. This module stands in for all that
 * they use besides: main loop, link, mirror and console.
 */
import type { Board, Pin } from "../../src/board/board.ts"
import { Clock, GPIOMode } from "./devicescript/core.ts"
import { newBoard, useDeviceScript } from "./devicescript.ts"

/** Modules for which this one stands in. */
const STOOD_IN = ["console/events", "mainloop", "pair/link", "pair/pair"]
/** A board that has nothing to send sends a ping so often. */
const PING_MS = 20
/** Of a frame: chip, cable, chip, and the main loop's turn. */
const LINK_MS = 2
/** A PHY notices so late that the other end is silent. */
const CARRIER_LOSS_MS = 2

export type Name = "a" | "b"
const other = (name: Name): Name => (name === "a" ? "b" : "a")

export const WIRES = [
    ...["link", "beat-a", "beat-b", "fence-a", "fence-b", "present"],
] as const
export type Wire = (typeof WIRES)[number]

/** Stuck low holds the partner in reset; the others do not reach it. */
export type FenceFault = "cut" | "stuck high" | "stuck low"

/** Prepares this process; call once, first. */
export function usePairWorld() {
    const here = import.meta.url
    useDeviceScript(Object.fromEntries(STOOD_IN.map(m => [m, here])))
}

/// What the heartbeat uses; each call is for the board that makes it ///

const boards = new Map<Clock, SimBoard>()
function caller(): SimBoard {
    const board = boards.get(Clock.current())
    if (!board) throw new Error("not on a board")
    return board
}

/** The main loop always goes round. */
export let turns = 0
/** The link's chip: what comes is read at once. */
export const linkInt = "int"
export const isLooking = false

export const event = (text: string) => caller().tell(text)
export const tickLink = () => caller().tickLink()
export const tickPair = () => turns++
export const canTakeOver = () => caller().hasMirror
export const partnerIsLost = () => caller().losePartner()
export const partnerIsFenced = () => caller().takeOver()

/// The boards ///

class SimPin implements Pin {
    mode = GPIOMode.InputPullDown as number
    setMode(mode: number) {
        this.mode = mode
    }
}

/** A frame on its way. */
interface Arriving {
    at: number
    sentAt: number
    /** when the frame was sent that its sender had heard last */
    answers: number
}

export class SimBoard {
    readonly clock = new Clock()
    readonly beatOut = new SimPin()
    readonly fence = new SimPin()
    private readonly beatIn = new SimPin()
    private readonly present = new SimPin()
    /** the VM stands still; pins keep their level */
    isHung = false
    hasPower = true
    /** hears nothing over the link, and is still heard */
    isDeaf = false
    /** was reset by the partner: it does not boot again here */
    wasReset = false
    /** has a copy of the partner's volume that is whole */
    hasMirror = true
    private sendsFrames = true
    private sentAt = 0
    private readonly arriving: Arriving[] = []
    /** when the newest of the partner's frames that came was sent */
    private heardOf = 0
    readonly events: string[] = []
    heldAt?: number
    tookOverAt?: number
    /** gave the partner up, and acknowledges alone: the partner's copy is old */
    private lostAt?: number
    private aloneWaitMs = Infinity
    aloneAt?: number
    private heartbeat?: typeof import("../../src/pair/heartbeat.ts")
    private heard = (_now: number, _answers: number) => {}
    /** when the link's PHY last had a signal from the partner's */
    private signalAt = 0

    constructor(
        readonly name: Name,
        private readonly world: PairWorld,
    ) {
        boards.set(this.clock, this)
    }

    /** Starts the firmware's heartbeat. */
    async boot() {
        const tag = newBoard()
        const load = (module: string) => import(`../../src/${module}.ts${tag}`)
        const heartbeat: typeof import("../../src/pair/heartbeat.ts") =
            await load("pair/heartbeat")
        const bus: typeof import("../../src/board/bus.ts") =
            await load("board/bus")
        const detector: typeof import("../../src/pair/detector.ts") =
            await load("pair/detector")
        this.heartbeat = heartbeat
        this.aloneWaitMs = detector.ALONE_WAIT_MS
        this.heard = (now, answers) => {
            detector.heardLink(heartbeat.detector, now)
            detector.heardAnswer(heartbeat.detector, answers)
        }
        const { beatOut, beatIn, fence, present } = this
        const board = {
            pins: { beatOut, beatIn, fence, present },
            read: (pin: Pin) => this.read(pin),
            wake() {},
        } as unknown as Board
        this.clock.run(() => {
            bus.startBus(board)
            heartbeat.startHeartbeat(board, this.name === "a" ? 0 : 1)
        })
    }

    get isRunning() {
        return this.hasPower && !this.wasReset && !this.isHung
    }

    /** Whether it can do any harm: now, or when it does not hang any more. */
    get isDead() {
        return !this.hasPower || this.wasReset
    }

    get isHolding() {
        return !this.isDead && this.fence.mode === GPIOMode.OutputLow
    }

    /** One millisecond: the heartbeat's fiber, then the main loop. */
    async step(now: number) {
        if (!this.isRunning) return
        this.clock.advance(now)
        // until all fibers wait again
        await new Promise(resolve => setImmediate(resolve))
        if (this.isHolding) this.heldAt ??= now
        if (this.isDeaf) this.arriving.length = 0
        while (this.arriving.length && this.arriving[0].at <= now) {
            const { sentAt, answers } = this.arriving.shift()!
            this.heardOf = sentAt
            this.heard(now, answers)
        }
        if (this.lostAt !== undefined && now - this.lostAt >= this.aloneWaitMs)
            this.aloneAt ??= now
        const { partner } = this
        if (!partner.isDead && !this.world.isCut("link")) this.signalAt = now
        if (this.heartbeat?.wantsCarrier()) this.lookAtCarrier(now)
    }

    private lookAtCarrier(now: number) {
        const isThere = now - this.signalAt < CARRIER_LOSS_MS
        this.clock.run(() => this.heartbeat?.sawCarrier(isThere))
    }

    private get partner() {
        return this.world.boards[other(this.name)]
    }

    private read(pin: Pin): number {
        const { world, partner } = this
        if ((pin as unknown) === linkInt) return 1
        if (pin === this.present) return world.isCut("present") ? 1 : 0
        if (pin === this.fence) {
            if (this.isHolding) return 0
            const broken = world.fenceFault(this.name)
            if (broken !== undefined) return broken === "stuck high" ? 1 : 0
            return partner.hasPower ? 1 : 0
        }
        // the partner's heartbeat; its wire is named after who beats
        if (partner.isDead || world.isCut(`beat-${partner.name}`)) return 0
        return partner.beatOut.mode === GPIOMode.OutputHigh ? 1 : 0
    }

    tell(text: string) {
        this.events.push(`${this.clock.now} ${this.name}: ${text}`)
    }

    tickLink() {
        const { now } = this.clock
        if (!this.sendsFrames || now - this.sentAt < PING_MS) return
        this.sentAt = now
        if (this.world.isCut("link")) return
        this.partner.arriving.push({
            at: now + LINK_MS + this.world.lateMs,
            sentAt: now,
            answers: this.heardOf,
        })
    }

    losePartner() {
        this.hasMirror = false
        this.sendsFrames = false
        this.lostAt ??= this.clock.now
    }

    takeOver() {
        this.tell("takes over")
        this.hasMirror = false
        this.tookOverAt = this.clock.now
    }
}

export class PairWorld {
    now = 0
    /** frames are late, also those of a board that has shut the link since */
    lateMs = 0
    readonly boards: Record<Name, SimBoard>
    private readonly cuts = new Set<Wire>()
    private readonly fenceFaults: Partial<Record<Name, FenceFault>> = {}

    private constructor() {
        this.boards = { a: new SimBoard("a", this), b: new SimBoard("b", this) }
    }

    /** Two boards that live side by side. @param lagMs b starts so much later */
    static async start(lagMs: number) {
        const world = new PairWorld()
        const { a, b } = world.boards
        await a.boot()
        await world.run(lagMs)
        await b.boot()
        await world.run(200)
        return world
    }

    cut(wire: Wire) {
        this.cuts.add(wire)
    }

    isCut(wire: Wire) {
        return this.cuts.has(wire)
    }

    /** The level that a board's heartbeat has at its end. */
    beatOf(name: Name) {
        return this.boards[name].beatOut.mode === GPIOMode.OutputHigh ? 1 : 0
    }

    /** Breaks the wire with which a board fences. */
    breakFence(name: Name, fault: FenceFault) {
        this.fenceFaults[name] = fault
    }

    fenceFault(name: Name): FenceFault | undefined {
        return this.isCut(`fence-${name}`) ? "cut" : this.fenceFaults[name]
    }

    async run(ms: number) {
        for (const end = this.now + ms; this.now < end;) {
            this.now++
            for (const board of Object.values(this.boards)) {
                await board.step(this.now)
                this.reset()
            }
        }
    }

    /** A board whose fence is whole and pulled takes its partner down. */
    private reset() {
        for (const { name, isHolding } of Object.values(this.boards)) {
            const fault = this.fenceFault(name)
            if (fault === "stuck low" || (isHolding && !fault))
                this.boards[other(name)].wasReset = true
        }
    }

    get events() {
        return [...this.boards.a.events, ...this.boards.b.events].join("\n")
    }
}
