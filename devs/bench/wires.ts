/**
 * Wires between boards: what drives them, what pulls them, and what is wrong
 * with them.
 */
import type { World } from "../sim/world.ts"

/** How hard an end drives its side of a wire; the highest wins. */
export enum Strength {
    None = 0,
    /** a pull resistor inside a microcontroller, 50 kΩ and more */
    InternalPull,
    /** a resistor on the board or in the cable, 10 kΩ and less */
    ExternalPull,
    /** an output stage, or ground */
    Driven,
}

/** What hangs on an end of a wire. */
export interface Drive {
    level: 0 | 1
    strength: Strength
}

/** What the pin does, and what the resistor. */
type Drives = readonly [Drive, Drive]

const FLOATING: Drive = { level: 0, strength: Strength.None }
const NOBODY: Drives = [FLOATING, FLOATING]

/** One end of a wire, at a board's connector. */
export class WireEnd {
    /** of the pin, and of what is soldered to it */
    private now: Drives = NOBODY
    /** what the far end knows of them: behind where edges are late or missed */
    private told = this.now
    /** changes that are on their way, and when the last one arrives */
    private pending = 0
    private arrivesAt = 0
    private shortTo?: 0 | 1

    constructor(private readonly wire: Wire) {}

    /**
     * Shorted on this side, to ground or to the supply. Of the other side a cut
     * keeps it away.
     */
    get short() {
        return this.shortTo
    }

    set short(level: 0 | 1 | undefined) {
        this.shortTo = level
        this.wire.changed()
    }

    /** What the pin at this end does. */
    drive(pin: Drive) {
        this.tell([pin, this.now[1]])
    }

    /** What is soldered to this end. */
    pull(resistor: Drive) {
        this.tell([this.now[0], resistor])
    }

    get drives(): Drives {
        return this.now
    }

    /** What the far end sees of `drives`. */
    get seen(): Drives {
        return this.told
    }

    /** The level a pin reads here; a floating end reads low. */
    get level(): 0 | 1 {
        return this.wire.levelAt(this)
    }

    private tell(drives: Drives) {
        this.now = drives
        const { world, jitter } = this.wire
        if (!world || (!jitter && !this.pending)) return this.arrive(drives)
        this.wire.changed() // this end sees it at once
        const late = jitter ? jitter() : 0
        this.arrivesAt = Math.max(world.now + late, this.arrivesAt)
        this.pending++
        world.at(this.arrivesAt, () => {
            this.pending--
            this.arrive(drives)
        })
    }

    private arrive(drives: Drives) {
        if (!this.wire.misses(this, drives)) this.told = drives
        this.wire.changed()
    }

    /** The far end sees all that it has missed. */
    catchUp() {
        this.told = this.now
    }
}

/** A conductor of the inter-board cable. */
export class Wire {
    readonly a = new WireEnd(this)
    readonly b = new WireEnd(this)
    /**
     * each change at one end is seen at the other so many microseconds later,
     * in order; wants a world
     */
    jitter?: () => number
    private isCut = false
    private stuckAt?: 0 | 1
    private missing?: () => boolean
    private readonly watchers: (() => void)[] = []

    constructor(readonly world?: World) {}

    get cut() {
        return this.isCut
    }

    set cut(cut: boolean) {
        this.isCut = cut
        this.changed()
    }

    /** Shorted to ground or to the supply: reads so, whatever drives it. */
    get stuck() {
        return this.stuckAt
    }

    set stuck(level: 0 | 1 | undefined) {
        this.stuckAt = level
        this.changed()
    }

    /**
     * Asked at each edge: whether the far end does not see it, and goes on
     * reading the level before. Once there are no such edges any more, both
     * ends see what is.
     */
    get missEdge() {
        return this.missing
    }

    set missEdge(missEdge: (() => boolean) | undefined) {
        this.missing = missEdge
        if (missEdge) return
        this.a.catchUp()
        this.b.catchUp()
        this.changed()
    }

    /** Calls `f` after each change of anything on the wire. */
    watch(f: () => void) {
        this.watchers.push(f)
    }

    changed() {
        for (const f of this.watchers) f()
    }

    /** Whether what an end does now is an edge that the far end misses. */
    misses(end: WireEnd, drives: Drives) {
        if (!this.missing || this.isCut) return false
        const far = end === this.a ? this.b : this.a
        const isEdge =
            levelOf(far.drives, drives) !== levelOf(far.drives, end.seen)
        return isEdge && this.missing()
    }

    levelAt(end: WireEnd): 0 | 1 {
        if (this.stuckAt !== undefined) return this.stuckAt
        const far = end === this.a ? this.b : this.a
        const short = end.short ?? (this.isCut ? undefined : far.short)
        if (short !== undefined) return short
        return levelOf(end.drives, this.isCut ? NOBODY : far.seen)
    }
}

function levelOf(here: Drives, there: Drives): 0 | 1 {
    const pins = stronger(here[0], there[0])
    return stronger(pins, stronger(here[1], there[1])).level
}

/** Two outputs against each other: open drain and ground win. */
function stronger(x: Drive, y: Drive): Drive {
    if (x.strength !== y.strength) return x.strength > y.strength ? x : y
    return x.level < y.level ? x : y
}
