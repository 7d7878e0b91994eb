/** A pair on the live clock, with its portals on real addresses. */
import { EventEmitter } from "node:events"
import { LiveClock } from "../sim/live.ts"
import { Random } from "../sim/random.ts"
import { World } from "../sim/world.ts"
import type { Program } from "../vm/program.ts"
import type { FirmwarePanic } from "./board.ts"
import { areMirrored, BoardConsole, type ConsoleEvent } from "./console.ts"
import { Gateway } from "./net/gateway.ts"
import {
    BOARD_NAMES,
    Pair,
    unlimitedSpeed,
    WIRE_NAMES,
    type BoardName,
    type ChapSecret,
    type Mirroring,
    type Portal,
    type WireName,
} from "./pair.ts"
import type { Media } from "./sdcard/media.ts"
import { typicalTiming, type CardTiming } from "./sdcard/timing.ts"
import { isActive } from "./superblock.ts"

export interface BenchOptions {
    program: Program
    portals: Record<BoardName, Portal>
    media: Record<BoardName, Media>
    /** size of each board's volume */
    mib: number
    mirror?: Record<BoardName, Mirroring>
    chap?: ChapSecret
    seed?: number
    timing?: CardTiming
}

interface BenchEvents {
    event: [ConsoleEvent]
    /** all that a board prints, line by line */
    line: [BoardName, string]
    /** a board sends a Jacdac frame */
    frame: [BoardName, Uint8Array]
    /** a board's firmware is gone, by power or reset */
    halt: [BoardName]
    panic: [FirmwarePanic]
    /** a bug of the bench itself */
    failed: [unknown]
}

/** How long boards get to write what is in their logs, and mark it. */
const SETTLE_LIMIT_MS = 10_000
const POLL_MS = 20

export class Bench extends EventEmitter<BenchEvents> {
    readonly world = new World()
    readonly pair: Pair
    readonly consoles: Record<BoardName, BoardConsole>
    /** panics of the firmware so far */
    readonly panics: FirmwarePanic[] = []
    private readonly clock: LiveClock
    private readonly gateway: Gateway

    constructor(private readonly opts: BenchOptions) {
        super()
        const random = new Random(opts.seed ?? 1)
        this.consoles = { a: new BoardConsole("a"), b: new BoardConsole("b") }
        this.pair = new Pair(this.world, {
            program: opts.program,
            portals: opts.portals,
            mib: opts.mib,
            mirror: opts.mirror,
            chap: opts.chap,
            media: opts.media,
            timing: opts.timing ?? typicalTiming,
            speed: unlimitedSpeed(),
            lan: { latencyUs: 0, bitsPerSecond: Infinity },
            random: random.fork(),
            onConsole: (board, line) => this.console(board, line),
            onFrame: (board, frame) => this.emit("frame", board, frame),
            onHalt: board => {
                this.consoles[board].forget()
                this.emit("halt", board)
            },
            onPanic: panic => {
                this.panics.push(panic)
                this.emit("panic", panic)
            },
        })
        this.clock = new LiveClock(this.world, e => this.emit("failed", e))
        this.gateway = new Gateway(
            this.world,
            this.pair.lan,
            random.fork(),
            () => this.clock.kick(),
        )
    }

    /** @throws when an address is in use */
    async start() {
        for (const name of BOARD_NAMES) {
            const { ip, port } = this.opts.portals[name]
            await this.gateway.listen(ip, port)
        }
        this.change(() => this.pair.setPower(true))
    }

    /**
     * Stops: no host is served any more, and when the pair has come to rest,
     * or does not in the time that it should take, the power is off.
     */
    async stop() {
        const until = Date.now() + SETTLE_LIMIT_MS
        await this.gateway.close()
        while (!this.isSettled() && Date.now() < until)
            await new Promise(done => setTimeout(done, POLL_MS))
        this.clock.stop()
        this.pair.setPower(false)
    }

    /** Changes something in the world, and lets the boards notice. */
    change(f: () => void) {
        f()
        this.clock.kick()
    }

    setPower(board: BoardName, on: boolean) {
        this.change(() => this.pair.nodes[board].board.setPower(on))
    }

    setHung(board: BoardName, hung: boolean) {
        this.change(() => this.pair.nodes[board].board.setHung(hung))
    }

    setCard(board: BoardName, present: boolean) {
        this.change(() => {
            this.pair.nodes[board].card.present = present
        })
    }

    /** @throws Unreachable when there is no firmware that could hear it */
    command(board: BoardName, name: string) {
        this.change(() => this.pair.nodes[board].board.command(name))
    }

    /** A Jacdac frame for a board. @throws Unreachable as above */
    receive(board: BoardName, frame: Uint8Array) {
        this.change(() => this.pair.nodes[board].board.receive(frame))
    }

    cut(wire: WireName, cut: boolean) {
        this.change(() => this.pair.cut(wire, cut))
    }

    /** Both boards serve their volume and mirror the other's. */
    get isMirrored() {
        return areMirrored(this.consoles)
    }

    /** Resolves when `isMirrored`. */
    async untilMirrored(limitMs: number) {
        const until = Date.now() + limitMs
        while (!this.isMirrored) {
            if (Date.now() > until)
                throw new Error(`not mirrored after ${limitMs} ms`)
            await new Promise(done => setTimeout(done, POLL_MS))
        }
    }

    /** All boards and wires, and what happened so far. */
    state() {
        const events = BOARD_NAMES.flatMap(n => this.consoles[n].events)
        return {
            ms: Math.round(this.world.now / 1000),
            mirrored: this.isMirrored,
            boards: byName(BOARD_NAMES, name => this.boardState(name)),
            wires: byName(WIRE_NAMES, w => ({ cut: this.pair.isCut(w) })),
            events: events.sort((x, y) => x.ms - y.ms).slice(-200),
        }
    }

    private boardState(name: BoardName) {
        const { board, card } = this.pair.nodes[name]
        const { status, counters } = this.consoles[name]
        const serves = status.serves ?? "none"
        const counted: Record<string, number> = {
            ...board.stats,
            ...byName(Object.keys(counters), k => Number(counters[k])),
        }
        return {
            power: board.isPowered,
            running: board.isRunning,
            hung: board.isHung,
            card: { present: card.present, ...card.stats },
            serves: serves === "none" ? [] : serves.split(","),
            volumes: {
                a: status["volume.a"] ?? null,
                b: status["volume.b"] ?? null,
            },
            partner: status.partner ?? null,
            sessions: Number(status.sessions ?? 0),
            fence: status.fence ?? null,
            lan: status.lan ?? null,
            counters: counted,
        }
    }

    /**
     * Both cards have all that hosts were told is written, and say so: a pair
     * that loses its power now comes up mirrored.
     */
    private isSettled() {
        return BOARD_NAMES.every(name => {
            const { board, card } = this.pair.nodes[name]
            if (!board.isRunning || board.isHung) return true
            const { status } = this.consoles[name]
            return (
                card.isSettled &&
                BOARD_NAMES.every(
                    (v, i) =>
                        status[`volume.${v}`] === "waiting" ||
                        !isActive(this.opts.media[name], i),
                )
            )
        })
    }

    private console(board: BoardName, line: string) {
        const ms = Math.round(this.world.now / 1000)
        const event = this.consoles[board].line(ms, line)
        if (event) this.emit("event", event)
        this.emit("line", board, line)
    }
}

function byName<N extends string, T>(names: readonly N[], f: (name: N) => T) {
    return Object.fromEntries(names.map(n => [n, f(n)])) as Record<N, T>
}
