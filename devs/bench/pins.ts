/** A board's pins: chip selects, wires, and what chips put out. */
import type { DoorPin } from "../../src/board/door.ts"
import type { BoardChip } from "./board.ts"
import type { SpiController } from "./spi.ts"
import { Strength, type Drive, type WireEnd } from "./wires.ts"

/** What is soldered to a board's pins. Each may be changed, to break it. */
export interface PinsOptions {
    /** which chips a chip select selects */
    selects: Partial<Record<DoorPin, BoardChip[]>>
    wires: Partial<Record<DoorPin, WireEnd>>
    /** levels of chips' outputs */
    outputs: Partial<Record<DoorPin, () => 0 | 1>>
}

const GPIO_OUTPUT_LOW = 0x22

const drive = (level: 0 | 1, strength: Strength): Drive => ({ level, strength })

/** A pin that does nothing, and one that pulls its wire to ground. */
export const RELEASED = drive(0, Strength.None)
export const GROUNDED = drive(0, Strength.Driven)

/** What a pin does to its wire, by `ds.GPIOMode`. */
const DRIVES: Record<number, Drive> = {
    0x00: RELEASED,
    0x01: RELEASED,
    0x11: drive(1, Strength.InternalPull),
    0x21: drive(0, Strength.InternalPull),
    0x12: drive(1, Strength.Driven),
    [GPIO_OUTPUT_LOW]: GROUNDED,
}

export class BoardPins {
    /** modes of the pins that nothing is soldered to */
    private readonly modes: Partial<Record<DoorPin, number>> = {}

    constructor(
        private readonly opts: PinsOptions,
        private readonly spi: SpiController,
    ) {}

    setMode(pin: DoorPin, mode: number) {
        const chips = this.opts.selects[pin]
        const wire = this.opts.wires[pin]
        if (chips)
            for (const chip of chips)
                this.spi.select(chip, mode === GPIO_OUTPUT_LOW)
        else if (wire) wire.drive(DRIVES[mode] ?? RELEASED)
        else this.modes[pin] = mode
    }

    level(pin: DoorPin): 0 | 1 {
        const output = this.opts.outputs[pin]
        if (output) return output()
        const wire = this.opts.wires[pin]
        return wire ? wire.level : DRIVES[this.modes[pin] ?? 0].level
    }

    /** The processor lost its power or is held in reset. */
    float() {
        for (const end of Object.values(this.opts.wires)) end?.drive(RELEASED)
    }
}
