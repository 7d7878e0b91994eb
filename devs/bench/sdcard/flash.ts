/**
 * What a card does behind its protocol: it takes blocks, programs them in its
 * own time, and loses what it was programming with the power.
 */
import type { Random } from "../../sim/random.ts"
import type { Timer, World } from "../../sim/world.ts"
import { SECTOR, type Media } from "./media.ts"

/** How a sector comes out that was being programmed when the power went. */
export type TornSector = (
    old: Uint8Array,
    fresh: Uint8Array,
    random: Random,
) => Uint8Array

/** A sector that was being programmed. */
export interface PendingSector {
    old: Uint8Array
    fresh: Uint8Array
}

/**
 * How all sectors come out that were being programmed when the power went, in
 * the order in which they had come.
 */
export type PowerLoss = (sectors: PendingSector[]) => Uint8Array[]

export interface FlashOptions {
    torn?: TornSector
    /**
     * how probable it is that a loss of power while programming also damages
     * a sector that nobody was writing, in the same page of the flash
     */
    neighbourDamage?: number
}

/**
 * What became of a sector. By a loss of power: torn, or damaged though nobody
 * was writing it. By the card's own doing: written, it says, and is not; or
 * overwritten by what was meant for another.
 */
export type Damage = "torn" | "neighbour" | "lost" | "misdirected"

/** Of what was being programmed, so much was touched by a loss of power. */
const TOUCHED = 0.9
/** Sectors that share a page of the flash: 16 KB. */
const PAGE_SECTORS = 32

/** Half of them finished, a fifth not begun, the rest in between. */
export const tornSector: TornSector = (old, fresh, random) => {
    const fate = random.unit()
    if (fate < 0.5) return fresh
    if (fate < 0.7) return old
    const torn = Uint8Array.from(old)
    const upTo = random.int(1, SECTOR - 1)
    torn.set(fresh.subarray(0, upTo))
    if (fate > 0.85) torn.set(random.bytes(16), Math.min(upTo, SECTOR - 16))
    return torn
}

/** A card whose sectors are never in between: half of them finished. */
export const atomicSector: TornSector = (old, fresh, random) =>
    random.chance(0.5) ? fresh : old

export class Flash {
    /** counted since the card was made */
    readonly stats = { reads: 0, writes: 0, programs: 0 }
    /** more blocks of a multi-block write may come */
    isOpen = false
    private busyUntil = 0
    private programming?: Timer
    /** accepted, and not yet sure to be on the medium */
    private readonly pending = new Map<number, Uint8Array>()

    constructor(
        private readonly world: World,
        private readonly media: Media,
        private readonly random: Random,
        readonly options: FlashOptions,
        /** called when it is not busy any more */
        private readonly done: () => void,
        readonly damaged: (lba: number, how: Damage) => void,
    ) {}

    isBusy(now: number) {
        return now < this.busyUntil
    }

    read(lba: number) {
        this.stats.reads++
        return this.pending.get(lba) ?? this.media.read(lba)
    }

    accept(lba: number, data: Uint8Array) {
        this.stats.writes++
        this.pending.set(lba, data)
    }

    /** Is busy for some time; all that was accepted gets to the medium then. */
    program(now: number, us: number) {
        this.stats.programs++
        this.stayBusy(now, us)
    }

    stayBusy(now: number, us: number) {
        this.busyUntil = now + us
        if (this.programming) this.programming.cancelled = true
        this.programming = this.world.at(this.busyUntil, () => {
            this.settle(this.busyUntil)
            this.done()
        })
    }

    /** Once a write is over, all its sectors are on the medium. */
    settle(now: number) {
        if (!this.pending.size || this.isBusy(now) || this.isOpen) return
        for (const [lba, data] of this.pending) this.media.write(lba, data)
        this.pending.clear()
    }

    /** Whether all that was accepted is on the medium. */
    get isSettled() {
        return this.pending.size === 0
    }

    /**
     * Sectors that were being programmed come out old, new or in between; each
     * by itself, for a card programs them in an order of its own.
     * @param outcome says how, instead of chance
     */
    losePower(now: number, outcome?: PowerLoss) {
        this.settle(now)
        if (outcome) {
            this.comeOut(outcome)
            return this.forget()
        }
        const torn = this.options.torn ?? tornSector
        for (const [lba, fresh] of this.pending)
            if (this.random.chance(TOUCHED)) {
                const old = this.media.read(lba)
                const left = torn(old, fresh, this.random)
                this.media.write(lba, left)
                if (!isSame(left, old) && !isSame(left, fresh))
                    this.damaged(lba, "torn")
            }
        this.damageNeighbour()
        this.forget()
    }

    private comeOut(outcome: PowerLoss) {
        const lbas = [...this.pending.keys()]
        const sectors = [...this.pending].map(([lba, fresh]) => ({
            old: this.media.read(lba),
            fresh,
        }))
        outcome(sectors).forEach((s, i) => this.media.write(lbas[i], s))
    }

    /** Nothing is being written any more, and nothing is busy. */
    forget() {
        this.pending.clear()
        this.isOpen = false
        this.busyUntil = 0
        if (this.programming) this.programming.cancelled = true
    }

    private damageNeighbour() {
        const [first] = this.pending.keys()
        const chance = this.options.neighbourDamage ?? 0
        if (first === undefined || !this.random.chance(chance)) return
        const page = first - (first % PAGE_SECTORS)
        const lba = page + this.random.int(0, PAGE_SECTORS - 1)
        if (lba >= this.media.sectors || this.pending.has(lba)) return
        this.media.write(lba, this.random.bytes(SECTOR))
        this.damaged(lba, "neighbour")
    }
}

function isSame(x: Uint8Array, y: Uint8Array) {
    return Buffer.compare(x, y) === 0
}
