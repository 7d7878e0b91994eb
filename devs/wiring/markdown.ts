/** The wiring of a board as a document. */
import { format, resolveConfig } from "prettier"
import { levelsOf, resetWithoutQ1, resetWithoutSupply } from "./levels.ts"
import { CABLE, follow, netAt, partnerPin, type Wiring } from "./nets.ts"
import {
    AROUND,
    CARD,
    EXTRAS,
    MODULES,
    REGULATOR_MA,
    type Part,
} from "./parts.ts"

type Row = (string | number)[]

const row = (cells: Row) => `| ${cells.join(" | ")} |`

function table(head: string[], rows: Row[]): string {
    return [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n")
}

const terminalOf = (end: string) => end.slice(end.indexOf(".") + 1)
const usd = (n: number) => n.toFixed(2)

/** Each pin of the controller: its place, and where its wire goes. */
export function pinTable(wiring: Wiring): string {
    const { controller } = wiring
    const rows = Object.keys(controller.pins).map(pin => {
        const { through, pulls, to } = follow(wiring, pin)
        return [
            `\`${pin}\``,
            controller.label(pin),
            controller.header(pin),
            through.join(", "),
            to.map(end => end.replace(".", " ")).join(", "),
            pulls.map(p => `${p.ref} to ${p.to}`).join(", "),
        ]
    })
    return table(
        ["Signal", "GPIO", "Header pin", "Through", "To", "Pulled by"],
        rows,
    )
}

/** The cable, pin by pin. */
export function cableTable(wiring: Wiring): string {
    const rows = CABLE.map(({ pin, name, net }) => {
        const far = CABLE[partnerPin(pin) - 1]
        const parts = wiring.nets
            .find(n => n.name === net)!
            .ends.filter(e => net !== "GND" && /^[RCQ]/.test(e))
            .map(e => e.split(".")[0])
        return [pin, name, parts.join(", "), `${far.pin}: ${far.name}`]
    })
    return table(["Pin of J2", "Here", "Next to it", "At the partner"], rows)
}

function moduleTable(wiring: Wiring): string {
    const names = [
        ...MODULES.map(({ ref, name }) => ({ ref, name: `${name}, W5500` })),
        { ref: CARD, name: "microSD adapter" },
    ]
    const rows = names.map(({ ref, name }) => {
        const part = wiring.parts.find(p => p.ref === ref)!
        const wires = part.terminals.map(
            t => `${t}: ${netAt(wiring, `${ref}.${t}`).name}`,
        )
        return [ref, name, wires.join("; ")]
    })
    return table(["Module", "Use", "Terminal: net"], rows)
}

function netTable({ nets }: Wiring): string {
    return table(
        ["Net", "Joins"],
        nets.map(n => [
            n.name,
            n.ends.map(e => `${e.split(".")[0]} ${terminalOf(e)}`).join(", "),
        ]),
    )
}

function smallParts({ parts }: Wiring): string {
    return table(
        ["Part", "What", "Where, and why"],
        parts.filter(p => p.why).map(p => [p.ref, p.what, p.why!]),
    )
}

function levelTable(wiring: Wiring): string {
    return table(
        ["What", "Worst case", "Limit", "Why"],
        levelsOf(wiring).map(l => [
            l.what,
            `${Number(l.value.toPrecision(3))} ${l.unit}`,
            `${l.isMinimum ? "≥" : "≤"} ${l.limit} ${l.unit}`,
            l.why,
        ]),
    )
}

interface Line {
    what: string
    count: number
    priceUsd: number
}

/** Parts of one kind in one line. */
function bill(parts: Part[]): Line[] {
    const lines = new Map<string, Line>()
    for (const { what: whole, priceUsd } of parts) {
        const what = whole.replace(/: (home port|partner port|link)$/, "")
        const line = lines.get(what) ?? { what, count: 0, priceUsd }
        line.count++
        lines.set(what, line)
    }
    return [...lines.values()]
}

const sum = (lines: Line[]) =>
    lines.reduce((total, l) => total + l.count * l.priceUsd, 0)

/** US$ for one board, and for what is around it. */
export function costOf({ parts }: Wiring): { board: number; around: number } {
    return { board: sum([...bill(parts), ...EXTRAS]), around: sum(AROUND) }
}

function billTable(wiring: Wiring): string {
    const rows = (lines: Line[]) =>
        lines.map(l => [l.count, l.what, usd(l.count * l.priceUsd)])
    const { board, around } = costOf(wiring)
    return table(
        ["Pieces", "What", "US$"],
        [
            ...rows([...bill(wiring.parts), ...EXTRAS]),
            ["", "**one board**", `**${usd(board)}**`],
            ...rows(AROUND),
            [
                "",
                "**one board, with all around it**",
                `**${usd(board + around)}**`,
            ],
        ],
    )
}

/** The whole document, formatted. */
export async function document(wiring: Wiring): Promise<string> {
    const file = `boards/wiring-${wiring.kind}.md`
    return format(text(wiring), {
        ...(await resolveConfig(file)),
        parser: "markdown",
    })
}

/** A part of the document, formatted as it is there. */
export function formatted(markdown: string): Promise<string> {
    return format(markdown, { parser: "markdown" })
}

/** A board without network that goes on beating is taken over by nobody. */
function ifSupplyFails(wiring: Wiring): string {
    const volts = resetWithoutSupply(wiring)
    const { resetLowV } = wiring.controller.limits
    const begin = `If U6 fails and the controller does not, R11 pulls reset down to ${volts.toFixed(2)} V`
    return volts <= resetLowV
        ? `${begin}: the board is dead as a whole, and its partner takes over.`
        : `${begin} only, because the development board pulls it up. That is no sure reset: the board may go ` +
              "on beating without a network, and then nobody takes over."
}

function text(wiring: Wiring): string {
    return [
        pinsAndModules(wiring),
        cables(wiring),
        supplies(wiring),
        partsAndLevels(wiring),
        powerAndPrices(wiring),
    ].join("\n\n")
}

function pinsAndModules(wiring: Wiring): string {
    const { kind } = wiring
    const { controller } = wiring
    return `# Wiring: ${controller.name}

\`npm run wiring -- --write\` makes this file and the drawing from the tables in \`devs/wiring/\` and the
GPIO numbers in \`boards/\`. **Nobody has built this board yet.** Voltages are worked out from
datasheets; prices are approximate.

![One board with its modules](wiring-${kind}.svg)

## Pins of the controller

${pinTable(wiring)}

On the board itself: ${controller.onBoard.map(o => `\`${o.name}\`, GPIO ${o.gpio}: ${o.what}`).join("; ")}. No other GPIO is used.

${controller.notes.map(n => `- ${n}`).join("\n")}

## Modules

${moduleTable(wiring)}

- All four chips hang on one SPI bus at up to 31.25 MHz. Keep SCK, MOSI and MISO under 10 cm, and
  lay a ground wire beside them.
- Take W5500 modules that bring out RSTn and INTn.
- Take a microSD adapter that is only a socket and resistors. Adapters for 5 V have a buffer
  (74LVC125), which on many goes on driving MISO when the card is not selected: then no W5500 can be
  read.`
}

function cables(wiring: Wiring): string {
    const reset = wiring.controller.label("reset")
    return `## Ethernet

The W5500 does not sort out by itself which pair sends (no auto-MDIX). So the cable between both
boards' links is a **crossover** cable; with a straight one neither sees a carrier. Home and partner port go
to a switch with straight cables.

## Cable between the boards

${cableTable(wiring)}

Pin k is wired to pin 9 − k. XH plugs fit one way only: take a cable of eight wires that is sold as
reversed (pin 1 to pin 8), not longer than 50 cm. With one that is not reversed, both boards say
\`cable out\`, and neither takes over; R8 keeps the two outputs that then meet whole.

- **Beat.** Each board's \`beatOut\` ends at the other's \`beatIn\`. The pull-down is outside the chip,
  because a partner that is held in reset lets its pin float.
- **Fence.** \`fence\` of one board ends at the **other** board's reset: ${reset} and the RSTn of its three
  W5500s. It never touches its own. The firmware only ever pulls it low, or makes it an input with a
  weak pull-down; then R11 at the partner pulls it high.
- **Present.** Pulled up here, and joined to ground in the partner's plug: low means that the cable
  is in at both ends.
- **Ground.** Pins 4 and 5, and 6 besides. Ethernet does not join grounds, so this cable must.`
}

function supplies(wiring: Wiring): string {
    return `## Two supplies, and one of them off

A pin of a controller without power is a diode to its dead 3.3 V. A series resistor limits the
current, but the line still goes low: a board that lost its power would pull its partner's reset to
about ${resetWithoutQ1(wiring).toFixed(1)} V through R9, and the survivor might not start, or reset. That must not be, so the
two lines that the partner drives or pulls high come in through a MOSFET with its gate at this board's
3.3 V:

- With power, it conducts for low levels, and lets high ones through up to its threshold below 3.3 V.
  Levels are as in the table below.
- Without power, its gate is at 0 V, and it is open. Its own diode points from source to drain, out of
  the board. What flows is the leakage, 1 µA. Neither controller sees a pin above its supply, for
  which the datasheets allow no more than 0.3 to 0.5 V.
- While power comes or goes, the pin cannot rise above the gate.

\`present\` and reset need none: the partner can only pull them to ground. Take a MOSFET with a threshold of
0.85 V or less. A BSS138 (1.5 V) is none: the fence would read as broken.

Whether Q1 or Q2 is a short shows only when this board has no power: measure it after soldering. With
this board off and the partner on, the partner's reset must be near 3.3 V, and 3V3 here near 0.`
}

function partsAndLevels(wiring: Wiring): string {
    const { kind } = wiring
    const { controller } = wiring
    const reset = wiring.controller.label("reset")
    return `## Small parts

${smallParts(wiring)}

## Reset

${reset}, RSTn of U2, U3 and U4, R11, C1 and pin 7 of the cable are one net. So the partner resets all that
speaks for this board: without its W5500s, nothing answers at its addresses. Pressing the reset
button does the same. The card is not reset; the firmware starts it anew.

${ifSupplyFails(wiring)}

## Levels

Worst case at 25 °C: limits of the ${controller.name}'s and the W5500's datasheets, modules that bring 10 kΩ at
RSTn, C1 20 % off, a partner of the same kind.

${levelTable(wiring)}
${
    kind === "esp32s3"
        ? `
An ESP32-S3 promises to read a level as high only from 2.475 V on, so two lines hold with next to no
margin. Typical parts have 0.3 V more, and its inputs switch near the middle. Where it fails, the
board says \`fence broken\` or hears no beat: then nothing is taken over.
`
        : ""
}`
}

function powerAndPrices(wiring: Wiring): string {
    const { kind } = wiring
    const { controller } = wiring
    const { board } = costOf(wiring)
    return `## Power and grounding

- Each board has a supply of its own, 5 V and 2 A. A common one would be one thing that can fail for
  both.
- D1 leads to ${controller.label("supply")}, which feeds the controller and U6. So USB alone feeds the whole board, too, and
  both may be plugged in at once. ${
      kind === "pico"
          ? "A Pico has a diode of its own from USB to VSYS."
          : "That rests on the diodes of the DevKit between its USB ports and 5V: on a copy without them, never plug in both."
  }
- 3V3 is the controller's own 3.3 V, and feeds nothing but two gates and R12. 3V3M is U6's: ${REGULATOR_MA / 1000} A for
  three W5500s and the card.
- One ground, as short as can be: a star at U6, or a plane. A 100 nF capacitor at each module, less
  than 1 cm from its pins.
- Plug in the cable between the boards before power, where you can.

## Before power for the first time

1. No modules plugged in: 3V3M is 3.3 V, not 5.
2. Power off: GND to 3V3, and GND to 3V3M, are no short.
3. Cable in, both boards off: pin 1 to the partner's pin 8, 2 to 7, 3 to 6, 4 to 5.
4. One board on: its reset is above 3 V. Pull pin 7 to ground: the LEDs of all three RJ45 go out, and
   the controller starts anew when it is let go.

## Parts and prices

US$, early 2026, single pieces, without shipping and tax; approximate, and no
quotes. A pair is two of these: about $${Math.round(2 * board)} without cards, supplies and
cables to the switch.

${billTable(wiring)}

## All connections

${netTable(wiring)}`
}
