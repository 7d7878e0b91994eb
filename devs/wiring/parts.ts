/** What a board is made of: its parts, their terminals, and what they cost. */
import type { Controller } from "./controller.ts"

export interface Part {
    ref: string
    what: string
    terminals: string[]
    /** US$, early 2026, one piece, without shipping; approximate */
    priceUsd: number
    /** resistance, where it is a resistor */
    ohms?: number
    /** capacitance, where it is a capacitor */
    farads?: number
    /** what it draws from the modules' 3.3 V at most */
    milliamps?: number
    /** of a small part: where it is and why */
    why?: string
}

/** W5500 modules, in the order of the drawing: name in the pins, and use. */
export const MODULES = [
    { ref: "U2", pin: "Home", name: "home port" },
    { ref: "U3", pin: "Partner", name: "partner port" },
    { ref: "U4", pin: "Link", name: "link" },
] as const
export const CARD = "U5"

/** W5500 datasheet, section 5.4: 100 Mbit/s, transmitting. */
const W5500_MA = 132
/** What an SD card may draw while it writes, at the default speed and above. */
const CARD_MA = 200
/** What the regulator of the bill of materials gives. */
export const REGULATOR_MA = 2000

const W5500_TERMINALS = [
    "GND",
    "3.3V",
    "SCSn",
    "INTn",
    "SCLK",
    "MOSI",
    "MISO",
    "RSTn",
]
const CARD_TERMINALS = ["GND", "3V3", "CS", "CLK", "DI", "DO"]

/** Pins of the connector of the cable between the boards. */
export const CABLE_PINS = 8

const RESISTOR_USD = 0.05
const CAPACITOR_USD = 0.1

function resistor(ref: string, ohms: number, why: string): Part {
    const what = ohms < 1000 ? `${ohms} Ω` : `${ohms / 1000} kΩ`
    return {
        ref,
        what,
        terminals: ["1", "2"],
        priceUsd: RESISTOR_USD,
        ohms,
        why,
    }
}

function capacitor(ref: string, what: string, farads: number, why: string) {
    return {
        ref,
        what,
        terminals: ["1", "2"],
        priceUsd: CAPACITOR_USD,
        farads,
        why,
    }
}

/** A pull-up to each chip select, in the order of the modules, then the card. */
export const SELECT_PULLS = ["R4", "R5", "R6", "R7"]
/** A capacitor at each module's supply, in the same order. */
export const DECOUPLING = ["C2", "C3", "C4", "C5"]

function mosfet(ref: string, why: string): Part {
    return {
        ref,
        what: "Si2302CDS, N-channel MOSFET, SOT-23",
        terminals: ["G", "S", "D"],
        priceUsd: 0.4,
        why,
    }
}

const SMALL: Part[] = [
    resistor(
        "R1",
        33,
        "in SCK, at the controller: keeps 31 MHz from ringing on wires to four chips",
    ),
    resistor("R2", 33, "in MOSI, at the controller: the same"),
    resistor(
        "R3",
        10_000,
        "MISO to 3V3M: a level while no chip drives it; SD cards want it",
    ),
    ...SELECT_PULLS.map((ref, k) =>
        resistor(
            ref,
            10_000,
            `chip select of ${MODULES[k]?.ref ?? CARD} to 3V3M: no chip is selected ` +
                "while the controller is in reset",
        ),
    ),
    resistor(
        "R8",
        330,
        "in beat out: limits the current when the cable is shorted or plugged in the wrong way",
    ),
    resistor(
        "R9",
        330,
        "in fence: the same, and with C1 at the partner a filter against short pulses",
    ),
    resistor(
        "R10",
        10_000,
        "beat in to ground: low when the cable is out, or the partner has no power or is in reset",
    ),
    resistor(
        "R11",
        10_000,
        "reset to 3V3M: the partner's fence pulls against it, and reads it to see that the wire " +
            "is whole and this board has power",
    ),
    resistor(
        "R12",
        10_000,
        "present to 3V3: high when the cable is out; the partner's end has it at ground",
    ),
    capacitor(
        "C1",
        "1 µF ceramic, X7R",
        1e-6,
        "reset to ground: no reset by a spike on the cable, nor by what a partner's pin does while " +
            "its power comes up; and a clean start of the W5500s",
    ),
    ...DECOUPLING.map((ref, k) =>
        capacitor(
            ref,
            "100 nF ceramic",
            100e-9,
            `at the supply pins of ${MODULES[k]?.ref ?? CARD}`,
        ),
    ),
    capacitor(
        "C6",
        "100 µF, 6.3 V",
        100e-6,
        "3V3M at the regulator: a card that begins to write, three PHYs that begin to send",
    ),
    mosfet(
        "Q1",
        "in fence, gate at 3V3: a board without power leaves its partner's reset alone",
    ),
    mosfet(
        "Q2",
        "in beat in, gate at 3V3: the partner's heartbeat feeds no board without power",
    ),
    {
        ref: "D1",
        what: "1N5817, Schottky diode",
        terminals: ["A", "K"],
        priceUsd: 0.2,
        why: "between the 5 V input and the board: USB may be plugged in at the same time",
    },
]

/** All parts of a board that a wire ends at. */
export function partsOf(controller: Controller): Part[] {
    return [
        {
            ref: "U1",
            what: `${controller.name}, with headers`,
            terminals: [
                ...Object.keys(controller.pins),
                "reset",
                "supply",
                "rail",
                "ground",
            ],
            priceUsd: controller.priceUsd,
        },
        ...MODULES.map(({ ref, name }) => ({
            ref,
            what: `W5500 module with RSTn and INTn on its header: ${name}`,
            terminals: W5500_TERMINALS,
            priceUsd: 6,
            milliamps: W5500_MA,
        })),
        {
            ref: CARD,
            what: "microSD adapter, 3.3 V, without a level shifter",
            terminals: CARD_TERMINALS,
            priceUsd: 1.5,
            milliamps: CARD_MA,
        },
        {
            ref: "U6",
            what: `step-down regulator module, 5 V to 3.3 V, ${REGULATOR_MA / 1000} A`,
            terminals: ["VIN", "GND", "VOUT"],
            priceUsd: 4,
        },
        {
            ref: "J1",
            what: "5 V input: barrel jack or USB-C breakout",
            terminals: ["+", "-"],
            priceUsd: 1,
        },
        {
            ref: "J2",
            what: "JST XH header, 8 pins: the cable to the partner",
            terminals: Array.from({ length: CABLE_PINS }, (_, k) => `${k + 1}`),
            priceUsd: 0.3,
        },
        ...SMALL,
    ]
}

/** What is bought, too, and no wire of the table ends at. */
export const EXTRAS = [
    { what: "SOT-23 adapter for a MOSFET", count: 2, priceUsd: 0.3 },
    { what: "perfboard, wire, sockets", count: 1, priceUsd: 4 },
    { what: "XH cable, 8 wires, reversed: half of one", count: 1, priceUsd: 1 },
    { what: "crossover Ethernet cable: half of one", count: 1, priceUsd: 2.5 },
]

/** Needed, but many have them lying about. */
export const AROUND = [
    { what: "microSD card, 16 GB or more, of a brand", count: 1, priceUsd: 8 },
    { what: "power supply, 5 V, 2 A", count: 1, priceUsd: 7 },
    { what: "Ethernet cable to the switch", count: 2, priceUsd: 2.5 },
]
