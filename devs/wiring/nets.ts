/**
 * Every connection of a board, and of the cable to its partner. The documents
 * and the drawing in `boards/` are made from this table.
 */
import { readController, type Controller } from "./controller.ts"
import {
    CABLE_PINS,
    CARD,
    DECOUPLING,
    MODULES,
    partsOf,
    SELECT_PULLS,
    type Part,
} from "./parts.ts"

export interface Net {
    name: string
    colour: keyof typeof COLOURS
    /** terminals as PART.TERMINAL */
    ends: string[]
}

/** What is drawn in one colour, and what the legend says to it. */
export const COLOURS = {
    sck: { rgb: "#1565c0", says: "SCK" },
    mosi: { rgb: "#2e7d32", says: "MOSI" },
    miso: { rgb: "#c77700", says: "MISO" },
    select: { rgb: "#7b3fb5", says: "chip selects" },
    interrupt: { rgb: "#00838f", says: "interrupts" },
    beat: { rgb: "#5d7a00", says: "heartbeat" },
    reset: { rgb: "#c2186b", says: "fence, reset" },
    present: { rgb: "#8d5a2b", says: "present" },
    supply: { rgb: "#8b1a1a", says: "5 V" },
    rail: { rgb: "#e03131", says: "3.3 V" },
    ground: { rgb: "#222222", says: "ground" },
} as const

export interface Wiring {
    kind: string
    controller: Controller
    parts: Part[]
    nets: Net[]
}

/** A pin of J2, and what it is called at this board. */
export interface CablePin {
    pin: number
    name: string
    net: string
}

/**
 * Pin k of one board is wired to pin 9 - k of the other: one flat cable with a
 * plug turned over. A cable that is not turned over joins outputs through two
 * resistors, and leaves fence and present open: no board takes over.
 */
export const CABLE: CablePin[] = [
    { pin: 1, name: "beat out", net: "BEAT_OUT_CABLE" },
    { pin: 2, name: "fence", net: "FENCE_CABLE" },
    { pin: 3, name: "present", net: "PRESENT" },
    { pin: 4, name: "ground", net: "GND" },
    { pin: 5, name: "ground", net: "GND" },
    { pin: 6, name: "ground for present", net: "GND" },
    { pin: 7, name: "reset", net: "RESET" },
    { pin: 8, name: "beat in", net: "BEAT_IN_CABLE" },
]

/** The partner's pin that a pin of the cable's connector is wired to. */
export function partnerPin(pin: number): number {
    return CABLE_PINS + 1 - pin
}

const chips = MODULES.map(m => m.ref)

function selects(): Net[] {
    return [...MODULES, { ref: CARD, pin: "Card" }].map(({ ref, pin }, k) => ({
        name: `CS_${pin.toUpperCase()}`,
        colour: "select",
        ends: [
            `U1.cs${pin}`,
            `${ref}.${ref === CARD ? "CS" : "SCSn"}`,
            `${SELECT_PULLS[k]}.1`,
        ],
    }))
}

function interrupts(): Net[] {
    return MODULES.map(({ ref, pin }) => ({
        name: `INT_${pin.toUpperCase()}`,
        colour: "interrupt",
        ends: [`U1.int${pin}`, `${ref}.INTn`],
    }))
}

function cableEnds(net: string): string[] {
    return CABLE.filter(p => p.net === net).map(p => `J2.${p.pin}`)
}

const net = (
    name: string,
    colour: Net["colour"],
    ...ends: (string | string[])[]
): Net => ({ name, colour, ends: [...ends.flat(), ...cableEnds(name)] })

const of = (terminal: string) => chips.map(ref => `${ref}.${terminal}`)

const NETS: Net[] = [
    net("SCK_OUT", "sck", "U1.spiSck", "R1.1"),
    net("SCK", "sck", "R1.2", of("SCLK"), `${CARD}.CLK`),
    net("MOSI_OUT", "mosi", "U1.spiMosi", "R2.1"),
    net("MOSI", "mosi", "R2.2", of("MOSI"), `${CARD}.DI`),
    net("MISO", "miso", "U1.spiMiso", of("MISO"), `${CARD}.DO`, "R3.1"),
    ...selects(),
    ...interrupts(),
    net("BEAT_OUT", "beat", "U1.beatOut", "R8.1"),
    net("BEAT_OUT_CABLE", "beat", "R8.2"),
    net("BEAT_IN", "beat", "U1.beatIn", "Q2.S"),
    net("BEAT_IN_CABLE", "beat", "Q2.D", "R10.1"),
    net("FENCE", "reset", "U1.fence", "Q1.S"),
    net("FENCE_OUT", "reset", "Q1.D", "R9.1"),
    net("FENCE_CABLE", "reset", "R9.2"),
    net("RESET", "reset", "U1.reset", of("RSTn"), "R11.1", "C1.1"),
    net("PRESENT", "present", "U1.present", "R12.1"),
    net("5V", "supply", "J1.+", "D1.A"),
    net("VSYS", "supply", "D1.K", "U1.supply", "U6.VIN"),
    net("3V3", "rail", "U1.rail", "Q1.G", "Q2.G", "R12.2"),
    net(
        "3V3M",
        "rail",
        "U6.VOUT",
        of("3.3V"),
        `${CARD}.3V3`,
        "R3.2",
        "R11.2",
        SELECT_PULLS.map(ref => `${ref}.2`),
        DECOUPLING.map(ref => `${ref}.1`),
        "C6.1",
    ),
    net(
        "GND",
        "ground",
        ["J1.-", "U1.ground", "U6.GND", "R10.2", "C1.2", "C6.2"],
        of("GND"),
        `${CARD}.GND`,
        DECOUPLING.map(ref => `${ref}.2`),
    ),
]

/** @param kind a name of `KINDS` */
export function wiringOf(kind: string): Wiring {
    const controller = readController(kind)
    return { kind, controller, parts: partsOf(controller), nets: NETS }
}

export function netNamed({ nets }: Wiring, name: string): Net {
    const found = nets.find(n => n.name === name)
    if (!found) throw new Error(`no net ${name}: see devs/wiring/nets.ts`)
    return found
}

export function netAt({ nets }: Wiring, end: string): Net {
    const found = nets.find(n => n.ends.includes(end))
    if (!found)
        throw new Error(`${end} is not wired: add it to devs/wiring/nets.ts`)
    return found
}

export function partNamed({ parts }: Wiring, ref: string): Part {
    const found = parts.find(p => p.ref === ref)
    if (!found) throw new Error(`no part ${ref}: see devs/wiring/parts.ts`)
    return found
}

/** What a signal goes through: the terminal on the other side. */
const THROUGH: Record<string, string> = {
    "R1.1": "R1.2",
    "R2.1": "R2.2",
    "R8.1": "R8.2",
    "R9.1": "R9.2",
    "Q1.S": "Q1.D",
    "Q2.S": "Q2.D",
}

/** Where a pin of the controller leads. */
export interface Path {
    /** parts in the wire, from the controller on */
    through: string[]
    /** parts from the wire to a rail or to ground, and where */
    pulls: { ref: string; to: string }[]
    /** modules and connectors it ends at */
    to: string[]
}

const isSmall = (ref: string) => /^[RCQD]\d/.test(ref)

/** Follows a wire from the controller to where it ends. */
export function follow(wiring: Wiring, pin: string): Path {
    const path: Path = { through: [], pulls: [], to: [] }
    let from = `U1.${pin}`
    while (from) {
        const others = netAt(wiring, from).ends.filter(e => e !== from)
        from = ""
        for (const end of others) {
            const ref = end.split(".")[0]
            if (THROUGH[end]) {
                path.through.push(ref)
                from = THROUGH[end]
            } else if (!isSmall(ref)) path.to.push(end)
            else if (/^[RC]/.test(ref))
                path.pulls.push({ ref, to: netAt(wiring, `${ref}.2`).name })
        }
    }
    return path
}
