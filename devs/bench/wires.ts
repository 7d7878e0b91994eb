/**
 * Wires between boards: what drives them, what pulls them, what cuts them.
 */

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

const FLOATING: Drive = { level: 0, strength: Strength.None }

/** One end of a wire, at a board's connector. */
export class WireEnd {
    private pin = FLOATING
    private resistor = FLOATING

    constructor(private readonly wire: Wire) {}

    /** What the pin at this end does. */
    drive(pin: Drive) {
        this.pin = pin
        this.wire.changed()
    }

    /** What is soldered to this end. */
    pull(resistor: Drive) {
        this.resistor = resistor
        this.wire.changed()
    }

    get drives(): Drive[] {
        return [this.pin, this.resistor]
    }

    /** The level a pin reads here; a floating end reads low. */
    get level(): 0 | 1 {
        return this.wire.levelAt(this)
    }
}

/** A conductor of the inter-board cable. */
export class Wire {
    readonly a = new WireEnd(this)
    readonly b = new WireEnd(this)
    private isCut = false
    private readonly watchers: (() => void)[] = []

    get cut() {
        return this.isCut
    }

    set cut(cut: boolean) {
        this.isCut = cut
        this.changed()
    }

    /** Calls `f` after each change of anything on the wire. */
    watch(f: () => void) {
        this.watchers.push(f)
    }

    changed() {
        for (const f of this.watchers) f()
    }

    levelAt(end: WireEnd): 0 | 1 {
        const drives = this.isCut
            ? end.drives
            : [...this.a.drives, ...this.b.drives]
        let best = FLOATING
        for (const d of drives) {
            if (d.strength > best.strength) best = d
            // two outputs against each other: open drain and ground win
            else if (d.strength === best.strength && d.level < best.level)
                best = d
        }
        return best.level
    }
}
