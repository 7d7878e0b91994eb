/**
 * Worst-case voltages, currents and times of the cable, from the table's parts
 * and the datasheets: whether each line says what the firmware takes it for.
 */
import { CONFIRM_MS } from "../../src/pair/fencing.ts"
import type { Limits } from "./controller.ts"
import { partNamed, type Wiring } from "./nets.ts"
import { MODULES, REGULATOR_MA } from "./parts.ts"

export interface Level {
    what: string
    value: number
    /** `value` must be at least, or at most, this */
    limit: number
    isMinimum: boolean
    unit: string
    why: string
}

const SUPPLY_V = 3.3
/** RP2040 datasheet, section 5.2.3: 0.5 V at most at the default 4 mA. */
const OUTPUT_OHMS = 0.5 / 4e-3
/** The strongest setting of an RP2040's pin, section 5.2.3.4. */
const OUTPUT_MAX_MA = 12
/**
 * Si2302CDS datasheet: 0.85 V at most at 250 µA. A pull-down draws a fifth of
 * that, and a MOSFET below its threshold takes 60 mV or more to a decade.
 */
const THRESHOLD_V = 0.85 - 0.06 * Math.log10(5)
const DIODE_V = 0.6
const CAPACITOR_TOLERANCE = 0.2
/** Pull-up on RSTn that a module may bring: the chip itself has 77 kΩ. */
const MODULE_PULL_OHMS = 10_000
const W5500_COUNT = MODULES.length
/** W5500 datasheet, section 5.3: what an input surely reads low up to. */
const W5500_LOW_V = 0.8
/** W5500 datasheet, section 5.5.1: RSTn must be low for so long. */
const W5500_RESET_MS = 0.5
/** ESP32-S3 datasheet, power-up glitches. */
const GLITCH_S = 60e-6

const parallel = (...ohms: number[]) =>
    1 / ohms.reduce((sum, r) => sum + 1 / r, 0)

/** A resistor to the supply against one to ground. */
const divide = (up: number, down: number) => (SUPPLY_V * down) / (up + down)

/** What a source follower with its gate at the supply lets through at most. */
const FOLLOWER_V = SUPPLY_V - THRESHOLD_V

/** The strongest pull-up there may be on a board's reset line. */
function resetPull(wiring: Wiring, own: Limits): number {
    const modules = Array<number>(W5500_COUNT).fill(MODULE_PULL_OHMS)
    const soldered = partNamed(wiring, "R11").ohms!
    return parallel(soldered, own.resetPullOhms, ...modules)
}

/**
 * What a board's reset line would be at if Q1 were a wire and the partner had
 * no power: the diode from the partner's pin to its dead supply conducts.
 */
export function resetWithoutQ1(wiring: Wiring): number {
    const series = partNamed(wiring, "R9").ohms!
    const pull = resetPull(wiring, wiring.controller.limits)
    return DIODE_V + ((SUPPLY_V - DIODE_V) * series) / (series + pull)
}

/**
 * What a board's reset line is at when the modules' supply has failed and the
 * controller's has not: R11 then pulls down.
 */
export function resetWithoutSupply(wiring: Wiring): number {
    const { resetPullOhms } = wiring.controller.limits
    return divide(resetPullOhms, partNamed(wiring, "R11").ohms!)
}

/** The levels at one board; its partner is of the same kind. */
export function levelsOf(wiring: Wiring): Level[] {
    return [...resetLevels(wiring), ...inputs(wiring), ...currents(wiring)]
}

/** What the partner's fence does to the reset line. */
function resetLevels(wiring: Wiring): Level[] {
    const { limits } = wiring.controller
    const series = partNamed(wiring, "R9").ohms!
    const farads = partNamed(wiring, "C1").farads!
    const pulled = series + OUTPUT_OHMS
    const lowV = divide(resetPull(wiring, limits), pulled)
    const resetV = Math.min(limits.resetLowV, W5500_LOW_V)
    const slowest = pulled * farads * (1 + CAPACITOR_TOLERANCE)
    const fallMs = 1e3 * slowest * Math.log((SUPPLY_V - lowV) / (resetV - lowV))
    const fastest = series * farads * (1 - CAPACITOR_TOLERANCE)
    return [
        {
            what: "reset while the partner pulls its fence",
            value: lowV,
            limit: resetV,
            isMinimum: false,
            unit: "V",
            why: "controller and W5500s are held, also where each module brings 10 kΩ of its own",
        },
        {
            what: "from pulling the fence to a reset",
            value: fallMs,
            limit: CONFIRM_MS,
            isMinimum: false,
            unit: "ms",
            why:
                `R9 empties C1; the W5500s want ${W5500_RESET_MS} ms more, and the firmware looks ` +
                "again and again from then on",
        },
        {
            what: "reset after a partner's pin was low for 60 µs",
            value: SUPPLY_V * Math.exp(-GLITCH_S / fastest),
            limit: limits.resetHighV,
            isMinimum: true,
            unit: "V",
            why: "an ESP32-S3 that is switched on does not reset its partner: C1",
        },
    ]
}

/** What the controller reads from the partner's lines. */
function inputs(wiring: Wiring): Level[] {
    const { limits } = wiring.controller
    const ohms = (ref: string) => partNamed(wiring, ref).ohms!
    const [strongest] = limits.pullDownOhms
    return [
        {
            what: "fence released, as it is read",
            value: Math.min(
                FOLLOWER_V,
                divide(ohms("R11") + ohms("R9"), strongest),
            ),
            limit: limits.highV,
            isMinimum: true,
            unit: "V",
            why: "through Q1, against the pin's own pull-down: high, the wire is whole",
        },
        {
            what: "beat in, high",
            value: Math.min(
                FOLLOWER_V,
                divide(ohms("R8") + OUTPUT_OHMS, ohms("R10")),
            ),
            limit: limits.highV,
            isMinimum: true,
            unit: "V",
            why: "through R8 and Q2, against R10",
        },
    ]
}

function currents(wiring: Wiring): Level[] {
    const ohms = (ref: string) => partNamed(wiring, ref).ohms!
    const draws = wiring.parts.reduce((sum, p) => sum + (p.milliamps ?? 0), 0)
    return [
        {
            what: "a wire of the cable at ground",
            value: (1e3 * SUPPLY_V) / Math.min(ohms("R8"), ohms("R9")),
            limit: OUTPUT_MAX_MA,
            isMinimum: false,
            unit: "mA",
            why: "R8 limits it; the same when R9 begins to empty C1",
        },
        {
            what: "what the modules draw from 3V3M",
            value: draws,
            limit: REGULATOR_MA,
            isMinimum: false,
            unit: "mA",
            why: "three W5500s that send and a card that writes; a Pico's own 3.3 V is good for 300 mA",
        },
    ]
}

/** Whether a line says what the firmware takes it for. */
export function holds({ value, limit, isMinimum }: Level): boolean {
    return isMinimum ? value >= limit : value <= limit
}
