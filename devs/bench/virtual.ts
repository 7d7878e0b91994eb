/** A pair on a virtual clock, with hosts on its LAN, for tests. */
import { Initiator, type InitiatorOptions } from "../initiator/initiator.ts"
import { overLan } from "../initiator/transport.ts"
import { Random } from "../sim/random.ts"
import { Script } from "../sim/script.ts"
import { World } from "../sim/world.ts"
import type { Program } from "../vm/program.ts"
import type { FirmwarePanic } from "./board.ts"
import { areMirrored, BoardConsole, type ConsoleEvent } from "./console.ts"
import { Host } from "./net/host.ts"
import { ipFrom } from "./net/ethernet.ts"
import {
    BOARD_NAMES,
    Pair,
    picoSpeed,
    targetName,
    type BoardName,
    type ChapSecret,
    type Mirroring,
    type PairOptions,
    type Portal,
    type Speed,
} from "./pair.ts"
import { MemoryMedia } from "./sdcard/media.ts"
import { typicalTiming, type CardTiming } from "./sdcard/timing.ts"

export interface VirtualOptions {
    program: Program
    seed: number
    mib?: number
    /** how each volume is mirrored: sync when absent */
    mirror?: Record<BoardName, Mirroring>
    /** what hosts have to know */
    chap?: ChapSecret
    /** what a board was flashed with, in place of what is right */
    misflash?: PairOptions["misflash"]
    speed?: Speed
    timing?: CardTiming
    media?: Record<BoardName, MemoryMedia>
    /** shows the consoles while it runs */
    verbose?: boolean
    /** rates of the boards' clocks against the world's */
    clockRate?: Record<BoardName, number>
    /** hears each line of both consoles, at its time */
    onLine?(board: BoardName, line: string): void
    /** hears what boards tell of themselves, as words and key=value */
    onEvent?(board: BoardName, text: string): void
    /** a board's firmware is gone, with all that it knew */
    onHalt?(board: BoardName): void
}

/** Room for two volumes of 32 MiB and what stands before them. */
const CARD_SECTORS = 256 * 1024
const READY_LIMIT_US = 10e6

export const PORTALS: Record<BoardName, Portal> = {
    a: { ip: "10.0.0.11", port: 3260 },
    b: { ip: "10.0.0.12", port: 3260 },
}

/** A switched LAN of 100 Mbit/s. */
const LAN = { latencyUs: 30, bitsPerSecond: 100e6 }

export class VirtualBench {
    readonly world = new World()
    readonly script = new Script(this.world)
    readonly random: Random
    readonly pair: Pair
    readonly media: Record<BoardName, MemoryMedia>
    readonly consoles: Record<BoardName, BoardConsole>
    private panic?: FirmwarePanic
    private hosts = 0

    constructor(private readonly opts: VirtualOptions) {
        this.random = new Random(opts.seed)
        this.media = opts.media ?? {
            a: new MemoryMedia(CARD_SECTORS),
            b: new MemoryMedia(CARD_SECTORS),
        }
        this.consoles = { a: new BoardConsole("a"), b: new BoardConsole("b") }
        this.pair = new Pair(this.world, {
            program: opts.program,
            portals: PORTALS,
            mib: opts.mib ?? 32,
            mirror: opts.mirror,
            chap: opts.chap,
            misflash: opts.misflash,
            media: this.media,
            timing: opts.timing ?? typicalTiming,
            speed: opts.speed ?? picoSpeed(),
            lan: LAN,
            clockRate: opts.clockRate,
            random: this.random.fork(),
            onConsole: (board, line) => this.console(board, line),
            onHalt: board => {
                this.consoles[board].forget()
                opts.onHalt?.(board)
            },
            onPanic: panic => {
                this.panic ??= panic
            },
        })
    }

    /** A host of its own on the LAN. */
    host(): Host {
        const n = ++this.hosts
        const mac = "0200000001" + n.toString(16).padStart(2, "0")
        const ip = ipFrom("10.0.0.100") + n
        return new Host(this.world, this.pair.lan, ip, mac, this.random.fork())
    }

    /** An initiator for one board's target. @param host its own, if none */
    initiator(
        board: BoardName,
        options: Partial<InitiatorOptions> = {},
        host = this.host(),
    ): Initiator {
        const { ip, port } = PORTALS[board]
        const remote = { ip: ipFrom(ip), port }
        return new Initiator({
            connect: overLan(host, remote),
            target: targetName(board),
            name: `iqn.2026-11.com.example:host${this.hosts}`,
            settled: this.script.settled,
            ...options,
        })
    }

    /** Both boards serve their volume and mirror the other's. */
    get isMirrored() {
        return areMirrored(this.consoles)
    }

    /** Powers both boards and waits until they mirror each other. */
    boot() {
        this.pair.setPower(true)
        this.runWhile(() => !this.isMirrored, READY_LIMIT_US, "a mirrored pair")
    }

    /** @throws FirmwarePanic; or when the limit in microseconds is over */
    runWhile(pending: () => boolean, limit: number, what: string) {
        this.world.runWhile(() => !this.panic && pending(), limit, what)
        this.check()
    }

    /** Runs for virtual microseconds. */
    run(us: number) {
        this.world.runUntil(this.world.now + us)
        this.check()
    }

    /** Runs a script. @param limit virtual microseconds */
    async runScript<T>(script: () => Promise<T>, limit = 60e6): Promise<T> {
        return await this.script.run(script, limit, () => this.check())
    }

    /** @throws FirmwarePanic when one has happened */
    check() {
        if (this.panic) throw this.panic
    }

    /** All events of both boards, in order. */
    get events(): ConsoleEvent[] {
        const all = BOARD_NAMES.flatMap(n => this.consoles[n].events)
        return all.sort((x, y) => x.ms - y.ms)
    }

    /** Whether a board has told something like this. */
    said(board: BoardName, what: RegExp) {
        return this.consoles[board].events.some(e => what.test(e.text))
    }

    private console(board: BoardName, line: string) {
        const ms = this.world.now / 1000
        if (this.opts.verbose && /^[>!*]/.test(line))
            console.log(`${ms.toFixed(1).padStart(9)} ${line}`)
        const event = this.consoles[board].line(ms, line)
        this.opts.onLine?.(board, line)
        if (event) this.opts.onEvent?.(board, event.text)
    }
}
