/** Two boards, their chips, cards and wires: the whole of a Twinstore. */
import { readFileSync } from "node:fs"
import path from "node:path"
import { DoorPin } from "../../src/board/door.ts"
import type { Random } from "../sim/random.ts"
import type { World } from "../sim/world.ts"
import { countingVm } from "../vm/counting.ts"
import { plainVmWasm, type VmBuild } from "../vm/instance.ts"
import { ROOT, type Program } from "../vm/program.ts"
import { Board, type BoardOptions, type FirmwarePanic } from "./board.ts"
import { instantCpu, PicoCpu, type Cpu } from "./cpu.ts"
import { Segment, type SegmentOptions } from "./net/ethernet.ts"
import { SdCard } from "./sdcard/card.ts"
import type { Media } from "./sdcard/media.ts"
import type { CardTiming } from "./sdcard/timing.ts"
import { rp2040SpiOfPin } from "./spi.ts"
import { W5500 } from "./w5500/chip.ts"
import { Strength, Wire } from "./wires.ts"

export const BOARD_NAMES = ["a", "b"] as const
export type BoardName = (typeof BOARD_NAMES)[number]

export const WIRE_NAMES = [
    "link",
    "beat-a",
    "beat-b",
    "fence-a",
    "fence-b",
    "present",
    "lan-a",
    "lan-b",
] as const
export type WireName = (typeof WIRE_NAMES)[number]

export interface Portal {
    ip: string
    port: number
}

/** The firmware's words: SPEC.md, chapter 4. */
export type Mirroring = "sync" | "async" | "none"

/** Settings as they stand in a board's flash, by their keys. */
export type Flashed = Record<string, unknown>

export interface ChapSecret {
    user: string
    secret: string
}

export interface PairOptions {
    program: Program
    portals: Record<BoardName, Portal>
    mib: number
    /** how each volume is mirrored: sync when absent */
    mirror?: Record<BoardName, Mirroring>
    /** what hosts have to know; nothing when absent */
    chap?: ChapSecret
    /** what a board was flashed with, in place of what is right */
    misflash?(board: BoardName, right: Flashed): Flashed
    media: Record<BoardName, Media>
    timing: CardTiming
    /** a Pico's speed, or as fast as this machine can */
    speed: Speed
    lan: Omit<SegmentOptions, "pointToPoint">
    /** rates of the boards' clocks against the world's, about 1 */
    clockRate?: Record<BoardName, number>
    random: Random
    onConsole(board: BoardName, line: string): void
    onFrame?(board: BoardName, frame: Uint8Array): void
    /** power or reset took a board's firmware */
    onHalt(board: BoardName): void
    onPanic(panic: FirmwarePanic): void
}

/** How fast boards are, and the VM that can tell it. */
export interface Speed {
    vm(board: BoardName): VmBuild
    cpu(board: BoardName): Cpu
}

/** Modelled microseconds for everything a board does. */
export function picoSpeed(): Speed {
    return { vm: () => countingVm(), cpu: () => new PicoCpu() }
}

/** Only the buses and chips take time. */
export function unlimitedSpeed(): Speed {
    return { vm: () => ({ wasm: plainVmWasm() }), cpu: () => instantCpu }
}

/** What hosts know a board's target by. */
export function targetName(board: BoardName) {
    return `iqn.2026-11.com.example:twinstore.${board}`
}

const PAIR_ID = 0x7715
const CABLE: SegmentOptions = {
    latencyUs: 1,
    bitsPerSecond: 100e6,
    pointToPoint: true,
}

/** All of one board. */
export interface Node {
    board: Board
    card: SdCard
    home: W5500
    partner: W5500
    link: W5500
}

export class Pair {
    readonly lan: Segment
    readonly cable: Segment
    readonly nodes: Record<BoardName, Node>
    private readonly beats: Record<BoardName, Wire>
    private readonly fences: Record<BoardName, Wire>
    private readonly presents: Wire[]
    private readonly cutWires = new Set<WireName>()

    constructor(
        readonly world: World,
        private readonly opts: PairOptions,
    ) {
        this.lan = new Segment(world, { ...opts.lan, pointToPoint: false })
        this.cable = new Segment(world, {
            ...CABLE,
            bitsPerSecond:
                opts.lan.bitsPerSecond === Infinity
                    ? Infinity
                    : CABLE.bitsPerSecond,
        })
        // each wire's end a is at the board it is named after
        this.beats = { a: new Wire(world), b: new Wire(world) }
        this.fences = { a: new Wire(world), b: new Wire(world) }
        const present = { a: new Wire(world), b: new Wire(world) }
        this.presents = [present.a, present.b]
        for (const w of this.presents)
            w.b.pull({ level: 0, strength: Strength.Driven })
        this.nodes = {
            a: this.makeNode("a", "b", present.a),
            b: this.makeNode("b", "a", present.b),
        }
        for (const name of BOARD_NAMES)
            this.fences[name].watch(() =>
                this.nodes[other(name)].board.resetLineChanged(),
            )
    }

    /** Cuts or mends a wire. */
    cut(name: WireName, cut: boolean) {
        if (cut) this.cutWires.add(name)
        else this.cutWires.delete(name)
        for (const w of this.wire(name)) w.cut = cut
        const [kind, end] = name.split("-") as [string, BoardName]
        if (kind === "link") this.cable.cut(this.nodes.a.link, cut)
        else if (kind === "lan") {
            this.lan.cut(this.nodes[end].home, cut)
            this.lan.cut(this.nodes[end].partner, cut)
        }
    }

    /** The conductors of a wire that is no network. */
    wire(name: WireName): Wire[] {
        const [kind, end] = name.split("-") as [string, BoardName]
        if (kind === "beat") return [this.beats[end]]
        if (kind === "fence") return [this.fences[end]]
        return kind === "present" ? this.presents : []
    }

    isCut(name: WireName) {
        return this.cutWires.has(name)
    }

    setPower(on: boolean) {
        for (const name of BOARD_NAMES) this.nodes[name].board.setPower(on)
    }

    private makeNode(name: BoardName, partner: BoardName, present: Wire): Node {
        const { world, opts } = this
        const chip = (segment: Segment) =>
            new W5500(world, segment, opts.random.fork())
        const home = chip(this.lan)
        const partnerPort = chip(this.lan)
        const link = chip(this.cable)
        const card = new SdCard(world, opts.media[name], opts.random.fork(), {
            timing: opts.timing,
        })
        const random = opts.random.fork()
        const options: BoardOptions = {
            name,
            deviceId: name === "a" ? "7a00000000000001" : "7b00000000000002",
            program: opts.program,
            settings: this.settings(name),
            chips: [home, partnerPort, link, card],
            wiring: {
                selects: {
                    [DoorPin.CsHome]: [home],
                    [DoorPin.CsPartner]: [partnerPort],
                    [DoorPin.CsLink]: [link],
                    [DoorPin.CsCard]: [card],
                },
                wires: {
                    [DoorPin.BeatOut]: this.beats[name].a,
                    [DoorPin.BeatIn]: this.beats[partner].b,
                    [DoorPin.Fence]: this.fences[name].a,
                    [DoorPin.Present]: present.a,
                },
                outputs: {
                    [DoorPin.IntHome]: () => home.interruptLevel,
                    [DoorPin.IntPartner]: () => partnerPort.interruptLevel,
                    [DoorPin.IntLink]: () => link.interruptLevel,
                },
                resets: [home, partnerPort, link, card],
                resetsProcessor: true,
                hasPullUp: true,
            },
            spiBus: spiBusOfPico(),
            run: this.fences[partner].b,
            vm: opts.speed.vm(name),
            cpu: () => opts.speed.cpu(name),
            random: n => random.bytes(n),
            clockRate: opts.clockRate?.[name],
            onConsole: line => opts.onConsole(name, line),
            onFrame: frame => opts.onFrame?.(name, frame),
            onHalt: () => opts.onHalt(name),
            onPanic: opts.onPanic,
        }
        const board = new Board(world, options)
        for (const c of [home, partnerPort, link, card])
            c.onNews = () => board.notify()
        return { board, card, home, partner: partnerPort, link }
    }

    private settings(name: BoardName): Flashed {
        const { mirror } = this.opts
        const portal = this.opts.portals[name]
        const right = {
            "tw.board": {
                name,
                pair: PAIR_ID,
                mib: this.opts.mib,
                ...(mirror && { mirror: [mirror.a, mirror.b] }),
            },
            "tw.net": {
                ip: portal.ip,
                mask: "255.0.0.0",
                gateway: "0.0.0.0",
                mac: macOf(name),
                port: portal.port,
            },
            "tw.target": targetName(name),
            "tw.key": PAIR_KEY,
            ...(this.opts.chap && { "tw.chap": this.opts.chap }),
        }
        return this.opts.misflash?.(name, right) ?? right
    }
}

/** Both boards' key. */
const PAIR_KEY = "74".repeat(32)

export function other(name: BoardName): BoardName {
    return name === "a" ? "b" : "a"
}

function macOf(name: BoardName) {
    return name === "a" ? "02545700000a" : "02545700000b"
}

/** Which SPI controller the board definition's pins belong to. */
export function spiBusOfPico(): 0 | 1 {
    const file = path.join(ROOT, "boards/twinstore_pico.board.json")
    const { pins } = JSON.parse(readFileSync(file, "utf8")) as {
        pins: Record<string, number>
    }
    const bus = [pins.spiMiso, pins.spiMosi, pins.spiSck].map(rp2040SpiOfPin)
    return bus.every(b => b === 0) ? 0 : 1
}
