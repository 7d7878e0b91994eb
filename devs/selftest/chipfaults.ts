/** Faults of a board's chips and of the wires between them and its pins. */
import { DoorPin } from "../../src/board/door.ts"
import type { BoardName, Node, Pair } from "../bench/pair.ts"
import type { BusWire } from "../bench/spi.ts"
import type { Named, WiringFault } from "./fault.ts"

const CHIPS = {
    home: { select: DoorPin.CsHome, int: DoorPin.IntHome },
    partner: { select: DoorPin.CsPartner, int: DoorPin.IntPartner },
    link: { select: DoorPin.CsLink, int: DoorPin.IntLink },
}
type ChipName = keyof typeof CHIPS
const NAMES = Object.keys(CHIPS) as ChipName[]

const capital = (name: string) => name[0].toUpperCase() + name.slice(1)
const cs = (name: string) => `cs${capital(name)}`
const int = (name: string) => `int${capital(name)}`

/** A fault of one board's node. */
function fault(
    name: string,
    about: string,
    breakIt: (node: Node, pair: Pair) => void,
    own: Named,
    partner?: Named,
): WiringFault {
    return {
        name,
        about,
        apply: (pair: Pair, board: BoardName) =>
            breakIt(pair.nodes[board], pair),
        own,
        partner,
    }
}

/** Without the partner's link chip there is no link at either board. */
function linkGone(chip: ChipName): Named {
    return chip === "link" ? { "link-cable": /partner's link W5500/ } : {}
}

/** One W5500: its select, itself, its interrupt line. */
function faultsOf(chip: ChipName): WiringFault[] {
    const { select, int: pin } = CHIPS[chip]
    const spi = `${chip}-spi`
    return [
        fault(
            `${cs(chip)}-open`,
            `${cs(chip)} does not reach the ${chip} W5500`,
            n => (n.board.wiring.selects[select] = []),
            { [spi]: new RegExp(`nothing answers at ${cs(chip)}`) },
        ),
        fault(
            `${chip}-missing`,
            `no ${chip} W5500, or none with power`,
            n => (n[chip].absent = true),
            { [spi]: new RegExp(`the ${chip} W5500, its supply`) },
            linkGone(chip),
        ),
        fault(
            `${chip}-dead`,
            `the clock of the ${chip} W5500 does not run`,
            n => (n[chip].silent = true),
            { [spi]: new RegExp(`the ${chip} W5500`) },
        ),
        fault(
            `${chip}-version`,
            `a W5100S in place of the ${chip} W5500`,
            n => (n[chip].version = 0x51),
            { [spi]: new RegExp(`0x51 .*the ${chip} chip is no W5500`) },
        ),
        fault(
            `${chip}-slow`,
            `SPI wires of the ${chip} W5500 that are too long`,
            n => (n[chip].maxHz = 10e6),
            { [spi]: new RegExp(`wrong at 31.25 MHz: .*${chip} W5500`) },
        ),
        fault(
            `${chip}-holds-miso`,
            `the ${chip} W5500 holds MISO while it is not selected`,
            n => n.board.spi.holding.add(n[chip]),
            {
                "spi-bus": new RegExp(`^${chip} holds MISO`),
                ...Object.fromEntries(
                    NAMES.filter(n => n !== chip).map(n => [
                        `${n}-spi`,
                        /nothing answers/,
                    ]),
                ),
                card: /./,
            },
        ),
        fault(
            `${int(chip)}-open`,
            `INT of the ${chip} W5500 does not reach ${int(chip)}`,
            n => delete n.board.wiring.outputs[pin],
            {
                [`${chip}-int`]: new RegExp(
                    `${int(chip)} stays high .* to ${int(chip)} is open`,
                ),
            },
        ),
        fault(
            `${int(chip)}-low`,
            `${int(chip)} is shorted to ground`,
            n => (n.board.wiring.outputs[pin] = () => 0),
            { [`${chip}-int`]: new RegExp(`${int(chip)} is low`) },
        ),
        fault(
            `${chip}-reset-open`,
            `the reset line does not reach the ${chip} W5500`,
            n => {
                const { wiring } = n.board
                wiring.resets = wiring.resets.filter(c => c !== n[chip])
            },
            {
                [`${chip}-reset`]: new RegExp(
                    `does not reach the ${chip} W5500`,
                ),
                ...(chip === "link" ? { "fence-in": /RSTn/ } : {}),
            },
            chip === "link" ? { "fence-out": /RSTn/ } : {},
        ),
    ]
}

/** Two W5500s of one board. */
function faultsOfTwo(x: ChipName, y: ChipName): WiringFault[] {
    const [csX, csY] = [CHIPS[x].select, CHIPS[y].select]
    const [intX, intY] = [CHIPS[x].int, CHIPS[y].int]
    const swapped = (one: ChipName, other: ChipName) =>
        new RegExp(
            `${int(other)}, or ${cs(other)} is swapped with ` +
                `${int(one)}, or ${cs(one)}`,
        )
    const both = { [`${x}-int`]: swapped(x, y), [`${y}-int`]: swapped(y, x) }
    return [
        fault(
            `${cs(x)}-${cs(y)}-swapped`,
            `${cs(x)} and ${cs(y)} are swapped`,
            ({ board }) => {
                const { selects } = board.wiring
                const kept = selects[csX]
                selects[csX] = selects[csY]
                selects[csY] = kept
            },
            both,
        ),
        fault(
            `${cs(x)}-${cs(y)}-bridged`,
            `${cs(x)} and ${cs(y)} touch: each selects both chips`,
            n => {
                const { selects } = n.board.wiring
                selects[csX] = selects[csY] = [n[x], n[y]]
            },
            {
                "chips-apart": new RegExp(`${cs(x)} and ${cs(y)} select`),
            },
        ),
        fault(
            `${int(x)}-${int(y)}-swapped`,
            `${int(x)} and ${int(y)} are swapped`,
            ({ board }) => {
                const { outputs } = board.wiring
                const kept = outputs[intX]
                outputs[intX] = outputs[intY]
                outputs[intY] = kept
            },
            both,
        ),
    ]
}

/** A chip select that is swapped with the card's. */
function swappedWithCard(chip: ChipName): WiringFault {
    return fault(
        `${cs(chip)}-csCard-swapped`,
        `${cs(chip)} and csCard are swapped`,
        ({ board }) => {
            const { selects } = board.wiring
            const kept = selects[CHIPS[chip].select]
            selects[CHIPS[chip].select] = selects[DoorPin.CsCard]
            selects[DoorPin.CsCard] = kept
        },
        {
            card: new RegExp(`a W5500 answers at csCard: .*${cs(chip)}`),
            [`${chip}-spi`]: new RegExp(cs(chip)),
        },
    )
}

function busWire(wire: BusWire, pin: string): WiringFault {
    return fault(
        `${pin}-open`,
        `${pin} is open`,
        n => n.board.spi.open.add(wire),
        { "spi-bus": new RegExp(pin) },
    )
}

export const CHIP_FAULTS: WiringFault[] = [
    busWire("miso", "spiMiso"),
    busWire("mosi", "spiMosi"),
    busWire("sck", "spiSck"),
    ...NAMES.flatMap(faultsOf),
    ...faultsOfTwo("home", "partner"),
    ...faultsOfTwo("home", "link"),
    ...faultsOfTwo("partner", "link"),
    ...NAMES.map(swappedWithCard),
    fault(
        "card-missing",
        "there is no card in the socket",
        n => (n.card.present = false),
        { card: /put a card in, look at csCard/ },
    ),
    fault(
        "csCard-open",
        "csCard does not reach the card",
        n => (n.board.wiring.selects[DoorPin.CsCard] = []),
        { card: /look at csCard/ },
    ),
    fault(
        "card-mmc",
        "a MultiMediaCard in place of an SD card",
        n => (n.card.isMultiMedia = true),
        { card: /no SD card/ },
    ),
    fault(
        "card-unreadable",
        "the first sector of the card cannot be read",
        n => (n.card.faults.badSector = 0),
        { "card-read": /it cannot be read/ },
    ),
    fault(
        "card-slow",
        "a card that takes 20 times as long",
        n => (n.card.faults.slowFactor = 20),
        { "card-speed": /kB\/s.*another card/ },
    ),
    fault(
        "card-holds-miso",
        "the card holds MISO while it is not selected",
        n => n.board.spi.holding.add(n.card),
        {
            "spi-bus": /^card holds MISO/,
            ...Object.fromEntries(
                NAMES.map(n => [`${n}-spi`, /nothing answers/]),
            ),
        },
    ),
]
