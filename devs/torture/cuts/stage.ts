/** A pair, its hosts, and what its volumes may hold: where a workload plays. */
import { BOARD_NAMES, picoSpeed, type BoardName } from "../../bench/pair.ts"
import { MemoryMedia } from "../../bench/sdcard/media.ts"
import { typicalTiming } from "../../bench/sdcard/timing.ts"
import { VirtualBench } from "../../bench/virtual.ts"
import type { Program } from "../../vm/program.ts"
import { valueOf } from "../blocks.ts"
import { Copies } from "./copies.ts"
import { CutOff, Host } from "./host.ts"
import { Ledger } from "./ledger.ts"

export type Cards = Record<BoardName, MemoryMedia>

/** Blocks of each volume that workloads write to and that are read back. */
export const REGION = 28
/** The block that is written when all has been read. */
export const PROBE = REGION - 1
/** The value of all blocks of cards that were used before. */
export const USED = 1
/** The smallest volumes there are. */
const MIB = 1
const FIRST_VOLUME = 2048
const CARD_SECTORS = FIRST_VOLUME + 2 * MIB * 2048

/** What a board is to say comes by then. */
const SAID_US = 5e6
/** Between looks at whether something has come about. */
const POLL_US = 500

export function blankCards(): Cards {
    return {
        a: new MemoryMedia(CARD_SECTORS),
        b: new MemoryMedia(CARD_SECTORS),
    }
}

export function copyOf(cards: Cards): Cards {
    const copies = blankCards()
    for (const name of BOARD_NAMES)
        for (const lba of cards[name].written())
            copies[name].write(lba, cards[name].read(lba))
    return copies
}

export interface StageOptions {
    program: Program
    seed: number
    cards: Cards
    /** the value that all blocks have */
    before: number
}

export class Stage {
    readonly bench: VirtualBench
    readonly copies = new Copies()
    readonly ledgers: Record<BoardName, Ledger>
    /** how much each board had said before it started */
    private readonly startedAt: Record<BoardName, number> = { a: 0, b: 0 }
    private readonly hosts: { volume: BoardName; host: Host }[] = []
    /** the power has been cut: what the workload waits for will never be */
    isInterrupted = false

    constructor(opts: StageOptions) {
        this.bench = new VirtualBench({
            program: opts.program,
            seed: opts.seed,
            mib: MIB,
            media: opts.cards,
            speed: picoSpeed(),
            timing: typicalTiming,
            onLine: (board, line) => this.copies.line(board, line),
            onHalt: board => {
                this.copies.halt(board)
                this.startedAt[board] = this.bench.consoles[board].events.length
            },
        })
        this.ledgers = {
            a: new Ledger(REGION, opts.before),
            b: new Ledger(REGION, opts.before),
        }
    }

    board(name: BoardName) {
        return this.bench.pair.nodes[name].board
    }

    /** A new host of a volume. */
    newHost(volume: BoardName): Host {
        const host = new Host(this.bench, volume, this.ledgers[volume], {
            isAlone: () => this.copies.isAlone(volume),
            isInterrupted: () => this.isInterrupted,
        })
        this.hosts.push({ volume, host })
        return host
    }

    /** Hosts of a volume that are there already. */
    hostsOf(volume: BoardName): Host[] {
        return this.hosts
            .filter(h => h.volume === volume && !h.host.isGone)
            .map(h => h.host)
    }

    /** A host of a volume: one that is there already, or a new one. */
    hostOf(volume: BoardName): Host {
        return this.hostsOf(volume)[0] ?? this.newHost(volume)
    }

    /** All hosts are switched off. @param volume only its hosts */
    abandonHosts(volume?: BoardName) {
        for (const h of this.hosts)
            if (!volume || h.volume === volume) h.host.abort()
    }

    /** @throws CutOff, or when it takes longer than the limit in microseconds */
    async until(done: () => boolean, limit: number, what: string) {
        const { world, script } = this.bench
        const end = world.now + limit
        while (!done()) {
            if (this.isInterrupted) throw new CutOff()
            if (world.now > end)
                throw new Error(`no ${what} within ${limit / 1000} ms`)
            await script.sleep(POLL_US)
        }
    }

    /** @throws when it takes longer than the limit in microseconds */
    async within<T>(what: string, limit: number, action: Promise<T>) {
        const late = this.bench.script.sleep(limit).then(() => {
            throw new Error(`no ${what} within ${limit / 1000} ms`)
        })
        return await Promise.race([action, late])
    }

    /** Whether a board has told something like this since it started. */
    said(board: BoardName, what: RegExp) {
        const { events } = this.bench.consoles[board]
        return events.slice(this.startedAt[board]).some(e => what.test(e.text))
    }

    /** Waits until a board has told something like this since it started. */
    async untilSaid(board: BoardName, what: RegExp, limit = SAID_US) {
        await this.until(
            () => this.said(board, what),
            limit,
            `${what.source} from ${board}`,
        )
    }

    /** Switches both boards on, and waits until they mirror each other. */
    async boot() {
        this.bench.pair.setPower(true)
        await this.until(() => this.bench.isMirrored, 10e6, "mirrored pair")
    }

    /** Waits until both cards have the last values of all blocks. */
    async untilOnCards() {
        const { nodes } = this.bench.pair
        const isDone = () =>
            BOARD_NAMES.every(
                name => nodes[name].card.isSettled && this.cardsAgree(name),
            )
        await this.until(isDone, 2e6, "writes on both cards")
    }

    /** What a board's card has of a volume, block by block. */
    valuesOn(board: BoardName, volume: BoardName): number[] {
        const index = BOARD_NAMES.indexOf(volume)
        const first = FIRST_VOLUME + index * MIB * 2048
        return Array.from({ length: REGION }, (_, lba) => {
            const sector = this.bench.media[board].read(first + lba)
            return valueOf(Buffer.from(sector), 0, index, lba)
        })
    }

    /** Blocks in which both cards' volumes differ, as sectors of the card. */
    differences(): number[] {
        const { a, b } = this.bench.media
        const written = new Set([...a.written(), ...b.written()])
        return [...written].filter(
            lba =>
                lba >= FIRST_VOLUME &&
                Buffer.compare(a.read(lba), b.read(lba)) !== 0,
        )
    }

    /** Whether both cards have the same of a volume: the newest values. */
    private cardsAgree(volume: BoardName): boolean {
        const copies = BOARD_NAMES.map(b => this.valuesOn(b, volume))
        const now = { both: false, torn: false }
        return copies[0].every(
            (v, lba) =>
                v === copies[1][lba] &&
                this.ledgers[volume].allowed(lba, now).has(v),
        )
    }
}
