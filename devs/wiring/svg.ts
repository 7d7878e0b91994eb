/**
 * The drawing of one board: the cable's connector on the left, the controller
 * in the middle, buses as vertical wires, the modules on the right, power
 * below. Which terminal belongs to which net is the table's; only where wires
 * run is decided here, and a test follows them.
 */
import {
    ALSO_AT,
    BEAT_IN_Y,
    BEAT_OUT_Y,
    BELOW,
    CARD_HEIGHT,
    CARD_PINS,
    CHIP,
    CHIP_BOTTOM,
    CHIP_RIGHT,
    EXIT,
    FENCE_Y,
    GROUND_Y,
    HEIGHT,
    JACK,
    JACK_RIGHT,
    JACK_Y,
    LEGEND_Y,
    MODULE,
    MODULE_PINS,
    MODULE_STEP,
    POWER_Y,
    PRESENT_Y,
    PULL_X,
    PULL_Y,
    RAIL_Y,
    RESET_Y,
    RIGHT_PINS,
    RIGHT_STEP,
    RIGHT_TOP,
    SMALL,
    TRUNK_TOP,
    TRUNKS,
    WIDTH,
} from "./layout.ts"
import {
    CABLE,
    COLOURS,
    netAt,
    netNamed,
    partnerPin,
    partNamed,
    type Wiring,
} from "./nets.ts"
import {
    CARD,
    DECOUPLING,
    MODULES,
    REGULATOR_MA,
    SELECT_PULLS,
} from "./parts.ts"
import { Scene, type Point } from "./scene.ts"
import { down, mosfet, named, pullUp, series } from "./symbols.ts"

/** @returns an SVG picture of one board and its connector */
export function drawBoard(wiring: Wiring): Scene {
    const scene = new Scene(
        WIDTH,
        HEIGHT,
        name => netNamed(wiring, name).colour,
        // what comes after it is how it is made
        ref => partNamed(wiring, ref).what.split(/ ceramic|,/)[0],
    )
    drawTitle(scene, wiring)
    drawConnector(scene)
    drawController(scene, wiring)
    drawLines(scene)
    drawExits(scene)
    drawModules(scene, wiring)
    drawTrunks(scene, wiring)
    drawPower(scene, wiring)
    drawLegend(scene)
    return scene
}

function drawTitle(scene: Scene, { controller }: Wiring) {
    scene.label([40, 44], `A Twinstore board: ${controller.name}`, {
        size: 24,
        isBold: true,
    })
    scene.label(
        [40, 70],
        "Both boards of a pair are wired like this. Dots are joints; wires that cross without a dot are not joined.",
        { size: 13 },
    )
}

function drawConnector(scene: Scene) {
    scene.box(JACK)
    const right = JACK_RIGHT - 8
    scene.label([JACK.x, JACK.y - 28], "J2: cable to the partner", {
        size: 14,
        isBold: true,
    })
    scene.label([JACK.x, JACK.y - 10], "partner's pin", { size: SMALL })
    scene.label([JACK_RIGHT, JACK.y - 10], "this board's", {
        size: SMALL,
        anchor: "end",
    })
    for (const { pin, name } of CABLE) {
        const y = JACK_Y[pin - 1]
        scene.terminal(`J2.${pin}`, [JACK_RIGHT, y])
        const far = CABLE[partnerPin(pin) - 1]
        scene.label([JACK.x + 8, y + 4], `${far.pin} ${far.name}`, {
            size: SMALL,
            rgb: "#777777",
        })
        scene.label([right, y + 4], `${name} ${pin}`, {
            anchor: "end",
            size: SMALL,
        })
    }
    // the three grounds
    const x = JACK_RIGHT + 30
    for (const pin of [4, 5, 6])
        scene.wire("GND", [JACK_RIGHT, JACK_Y[pin - 1]], [x, JACK_Y[pin - 1]])
    scene.wire("GND", [x, JACK_Y[3]], [x, JACK_Y[5] + 10])
    scene.ground([x, JACK_Y[5] + 10])
}

function drawController(scene: Scene, { controller }: Wiring) {
    scene.box(CHIP, "#e8f1ea")
    scene.label([CHIP.x + CHIP.width / 2, CHIP.y - 30], "U1", {
        anchor: "middle",
        size: 14,
        isBold: true,
    })
    scene.label([CHIP.x + CHIP.width / 2, CHIP.y - 12], controller.name, {
        anchor: "middle",
        size: 13,
    })
    const left: [string, number][] = [
        ["rail", CHIP.y + 40],
        ["beatOut", BEAT_OUT_Y],
        ["fence", FENCE_Y],
        ["present", PRESENT_Y],
        ["reset", RESET_Y],
        ["beatIn", BEAT_IN_Y],
    ]
    for (const [pin, y] of left) {
        scene.terminal(`U1.${pin}`, [CHIP.x, y])
        nameTerminal(scene, pin, [CHIP.x + 8, y], "start", controller)
    }
    RIGHT_PINS.forEach((pin, k) => {
        const y = RIGHT_TOP + k * RIGHT_STEP
        scene.terminal(`U1.${pin}`, [CHIP_RIGHT, y])
        nameTerminal(scene, pin, [CHIP_RIGHT - 8, y], "end", controller)
    })
    for (const [pin, x] of [
        ["supply", CHIP.x + 50],
        ["ground", CHIP.x + 130],
    ] as const) {
        scene.terminal(`U1.${pin}`, [x, CHIP_BOTTOM])
        scene.label([x, CHIP_BOTTOM - 22], controller.label(pin), {
            anchor: "middle",
            isBold: true,
        })
        scene.label([x, CHIP_BOTTOM - 8], controller.header(pin), {
            anchor: "middle",
            size: SMALL,
        })
    }
    const [led] = controller.onBoard
    scene.label(
        [CHIP.x + CHIP.width / 2, CHIP.y + 18],
        `LED: GPIO ${led.gpio}`,
        { anchor: "middle", size: SMALL },
    )
}

/** Two lines in the controller: what is printed there, and what we call it. */
function nameTerminal(
    scene: Scene,
    pin: string,
    [x, y]: Point,
    anchor: "start" | "end",
    controller: Wiring["controller"],
) {
    scene.label([x, y], controller.label(pin), { anchor, isBold: true })
    const place = controller.header(pin)
    const printed = /^\d/.test(place) ? `pin ${place}` : place
    const own = pin in controller.pins ? `${pin}, ` : ""
    scene.label([x, y + 13], own + printed, {
        anchor,
        size: SMALL,
    })
}

/** What is between the connector and the controller. */
function drawLines(scene: Scene) {
    series(scene, "R8", [300, BEAT_OUT_Y], true)
    series(scene, "R9", [300, FENCE_Y], true)
    mosfet(scene, "Q1", [470, FENCE_Y])
    mosfet(scene, "Q2", [470, BEAT_IN_Y])
    for (const [net, from, to, y] of [
        ["BEAT_OUT_CABLE", JACK_RIGHT, 280, BEAT_OUT_Y],
        ["BEAT_OUT", 320, CHIP.x, BEAT_OUT_Y],
        ["FENCE_CABLE", JACK_RIGHT, 280, FENCE_Y],
        ["FENCE_OUT", 320, 440, FENCE_Y],
        ["FENCE", 500, CHIP.x, FENCE_Y],
        ["PRESENT", JACK_RIGHT, CHIP.x, PRESENT_Y],
        ["RESET", JACK_RIGHT, CHIP.x, RESET_Y],
        ["BEAT_IN_CABLE", JACK_RIGHT, 440, BEAT_IN_Y],
        ["BEAT_IN", 500, CHIP.x, BEAT_IN_Y],
        ["3V3", CHIP.x - 40, CHIP.x, RAIL_Y],
    ] as const)
        scene.wire(net, [from, y], [to, y])
    pullUp(scene, "R12", [330, PRESENT_Y], "PRESENT", "3V3")
    pullUp(scene, "R11", [330, RESET_Y], "RESET", "3V3M")
    down(scene, "C1", [400, RESET_Y], "RESET")
    down(scene, "R10", [300, BEAT_IN_Y], "BEAT_IN_CABLE")
    scene.rail("3V3", [CHIP.x - 40, RAIL_Y])
    // on to the W5500s, below the controller
    scene.wire("RESET", [550, RESET_Y], [550, BELOW], [TRUNKS.RESET, BELOW])
}

const ETHERNET: Record<string, string> = {
    Home: "RJ45: to the switch",
    Partner: "RJ45: to the switch",
    Link: "RJ45: crossover, to partner's U4",
}

function drawModules(scene: Scene, wiring: Wiring) {
    const all = [
        ...MODULES.map(({ ref, pin, name }) => ({
            ref,
            pins: MODULE_PINS,
            height: MODULE.height,
            lines: ["W5500", name, ETHERNET[pin]],
        })),
        {
            ref: CARD,
            pins: CARD_PINS,
            height: CARD_HEIGHT,
            lines: ["microSD adapter", "SPI mode"],
        },
    ]
    all.forEach(({ ref, pins, height, lines }, k) => {
        const top = MODULE.y + k * MODULE_STEP
        scene.box({ ...MODULE, y: top, height }, "#eaf0f8")
        for (const [name, dy] of Object.entries(pins))
            moduleTerminal(scene, wiring, `${ref}.${name}`, top + dy)
        const middle = MODULE.x + MODULE.width / 2 + 24
        scene.label([middle, top + 46], ref, {
            anchor: "middle",
            size: 16,
            isBold: true,
        })
        lines.forEach((line, n) =>
            scene.label([middle, top + 92 + n * 22], line, {
                anchor: "middle",
                size: n === 2 ? 10 : 13,
            }),
        )
        const select = `${ref}.${ref === CARD ? "CS" : "SCSn"}`
        atSupply(scene, k, top, netAt(wiring, select).name)
    })
}

function moduleTerminal(scene: Scene, wiring: Wiring, end: string, y: number) {
    scene.terminal(end, [MODULE.x, y])
    scene.label([MODULE.x + 8, y + 4], end.slice(end.indexOf(".") + 1), {
        size: SMALL,
    })
    const { name } = netAt(wiring, end)
    scene.wire(name, [TRUNKS[name], y], [MODULE.x, y])
}

/** The capacitor and the pull-up of a module, between its first three wires. */
function atSupply(scene: Scene, k: number, top: number, select: string) {
    const [ground, supply, selectY] = [24, 68, 112].map(dy => top + dy)
    const x = PULL_X
    const small = { size: 9 }
    scene.capacitor(DECOUPLING[k], [x, (ground + supply) / 2], true)
    scene.resistor(SELECT_PULLS[k], [x, (supply + selectY) / 2], true, true)
    // the wires lie 44 apart, the parts are 40 long
    scene.wire("GND", [x, ground], [x, ground + 2])
    scene.wire("3V3M", [x, supply - 2], [x, supply], [x, supply + 2])
    scene.wire(select, [x, selectY], [x, selectY - 2])
    scene.label([x + 13, ground + 20], DECOUPLING[k], small)
    scene.label([x + 13, ground + 31], scene.valueOf(DECOUPLING[k]), small)
    scene.label([x + 9, supply + 20], SELECT_PULLS[k], small)
    scene.label([x + 9, supply + 31], scene.valueOf(SELECT_PULLS[k]), small)
}

function drawTrunks(scene: Scene, wiring: Wiring) {
    for (const [net, x] of Object.entries(TRUNKS)) {
        const ends = netNamed(wiring, net).ends
        const taps = ends.map(end => scene.terminals.get(end))
        const ys = taps.filter(at => at?.[0] === MODULE.x).map(at => at![1])
        const exit = taps.find(at => at?.[0] === CHIP_RIGHT || at?.[0] === EXIT)
        if (exit) {
            ys.push(exit[1])
            scene.wire(net, exit, [x, exit[1]])
        }
        ys.push(...(ALSO_AT[net] ?? []))
        const isBus = ys.length > 2
        if (isBus) {
            ys.push(TRUNK_TOP)
            scene.name(net, [x, TRUNK_TOP])
        }
        scene.wire(net, [x, Math.min(...ys)], [x, Math.max(...ys)])
    }
    scene.ground([TRUNKS.GND, GROUND_Y])
    series(scene, "R3", [1035, PULL_Y])
    scene.wire("MISO", [TRUNKS.MISO, PULL_Y], [1015, PULL_Y])
    scene.wire("3V3M", [1055, PULL_Y], [TRUNKS["3V3M"], PULL_Y])
}

/** Resistors in the clock's and the data's way out. */
function drawExits(scene: Scene) {
    for (const [ref, pin, net] of [
        ["R1", "U1.spiSck", "SCK_OUT"],
        ["R2", "U1.spiMosi", "MOSI_OUT"],
    ]) {
        const y = scene.terminals.get(pin)![1]
        series(scene, ref, [EXIT - 20, y])
        scene.wire(net, [CHIP_RIGHT, y], [EXIT - 40, y])
    }
}

function drawPower(scene: Scene, { controller }: Wiring) {
    const y = POWER_Y
    scene.box({ x: 40, y: y - 30, width: 110, height: 80 })
    scene.label([48, y - 10], "J1: 5 V", { isBold: true })
    scene.terminal("J1.+", [150, y])
    scene.terminal("J1.-", [150, y + 30])
    scene.label([142, y + 4], "+", { anchor: "end" })
    scene.label([142, y + 34], "−", { anchor: "end" })
    scene.wire("GND", [150, y + 30], [180, y + 30])
    scene.ground([180, y + 30])
    scene.diode("D1", [240, y])
    scene.label([240, y - 14], named(scene, "D1"), {
        anchor: "middle",
        size: SMALL,
    })
    scene.wire("5V", [150, y], [220, y])
    scene.box({ x: 420, y: y - 30, width: 150, height: 80 })
    scene.label([495, y - 8], "U6", { anchor: "middle", isBold: true })
    scene.label([495, y + 18], `5 V to 3.3 V, ${REGULATOR_MA / 1000} A`, {
        anchor: "middle",
        size: SMALL,
    })
    scene.label([428, y + 4], "VIN", { size: SMALL })
    scene.label([562, y + 4], "VOUT", { size: SMALL, anchor: "end" })
    scene.label([495, y + 44], "GND", { size: SMALL, anchor: "middle" })
    scene.terminal("U6.VIN", [420, y])
    scene.terminal("U6.VOUT", [570, y])
    scene.terminal("U6.GND", [495, y + 50])
    scene.ground([495, y + 50])
    scene.wire("VSYS", [260, y], [420, y])
    const supply = scene.terminals.get("U1.supply")!
    scene.wire("VSYS", [340, y], [340, y - 44], [supply[0], y - 44], supply)
    const name = controller.label("supply")
    scene.label([346, y - 50], name === "VSYS" ? name : `VSYS, to ${name}`, {
        size: SMALL,
        rgb: COLOURS.supply.rgb,
    })
    scene.wire("3V3M", [570, y], [TRUNKS["3V3M"], y])
    scene.label([620, y - 8], "3V3M: 3.3 V of the modules", {
        size: SMALL,
        rgb: COLOURS.rail.rgb,
    })
    down(scene, "C6", [600, y], "3V3M")
    scene.ground(scene.terminals.get("U1.ground")!)
}

function drawLegend(scene: Scene) {
    const step = (WIDTH - 80) / Object.keys(COLOURS).length
    Object.values(COLOURS).forEach(({ rgb, says }, k) => {
        const x = 40 + k * step
        scene.line([x, LEGEND_Y], [x + 22, LEGEND_Y], 4, rgb)
        scene.label([x + 28, LEGEND_Y + 4], says, {})
    })
}
