/**
 * The microcontroller of a board, as a wire sees it. GPIO numbers come from the
 * board's definition, which the firmware is built with; here is only where a
 * development board has them on its header.
 */
import { readFileSync } from "node:fs"
import { boardFile, KINDS } from "../bundle/kinds.ts"

/** A name in a board's definition, or a pin that is no GPIO. */
export type Terminal = string

export interface OnBoard {
    name: string
    gpio: number
    what: string
}

export interface Controller {
    name: string
    /** as the board's definition has them: GPIO by name */
    pins: Record<string, number>
    /** what the definition names and the development board has wired itself */
    onBoard: OnBoard[]
    /** what is printed beside a terminal */
    label(pin: Terminal): string
    /** its place on the header */
    header(pin: Terminal): string
    limits: Limits
    notes: string[]
    priceUsd: number
}

/** Volts, at a supply of 3.3 V, from the datasheet. */
export interface Limits {
    /** what an input surely reads high from, and low up to */
    highV: number
    lowV: number
    /** its reset pin: held surely below, and surely not above */
    resetLowV: number
    resetHighV: number
    /** its own pull-downs: from the strongest to the weakest, Ω */
    pullDownOhms: [number, number]
    /** pull-ups on the reset line that the development board itself has, Ω */
    resetPullOhms: number
}

/** Pins of a header that are no GPIO. */
interface Fixed {
    reset: [string, string]
    supply: [string, string]
    rail: [string, string]
    ground: [string, string]
}

interface Board {
    name: string
    prefix: string
    fixed: Fixed
    /** of each GPIO, as far as the header has it */
    headers: Record<number, string>
    led: string
    log?: string
    limits: Limits
    notes: string[]
    priceUsd: number
}

/** GPIO numbers of consecutive header pins; a gap is a ground or no GPIO. */
function header(prefix: string, first: number, gpios: (number | null)[]) {
    const entries = gpios.map((gpio, k) => [gpio, `${prefix}${first + k}`])
    return Object.fromEntries(entries.filter(([gpio]) => gpio !== null))
}

const BOARDS: Record<string, Board> = {
    pico: {
        name: "Raspberry Pi Pico",
        prefix: "GP",
        fixed: {
            reset: ["RUN", "30"],
            supply: ["VSYS", "39"],
            rail: ["3V3(OUT)", "36"],
            ground: ["GND", "38"],
        },
        // Pico datasheet, section 2.1
        headers: {
            ...header("", 1, [0, 1, null, 2, 3, 4, 5, null, 6, 7]),
            ...header("", 11, [8, 9, null, 10, 11, 12, 13, null, 14, 15]),
            ...header("", 21, [16, 17, null, 18, 19, 20, 21, null, 22]),
            ...header("", 31, [26, 27, null, 28]),
        },
        led: "green LED",
        // RP2040 datasheet, section 5.2.3 (IO at IOVDD = 3.3 V); RUN has a
        // pull-up of about 50 kΩ in the chip, a Pico adds none
        limits: {
            highV: 2.0,
            lowV: 0.8,
            resetLowV: 0.8,
            resetHighV: 2.0,
            pullDownOhms: [50_000, 80_000],
            resetPullOhms: 50_000,
        },
        notes: ["A Pico with an RP2040. The firmware is not for a Pico 2."],
        priceUsd: 5,
    },
    esp32s3: {
        name: "ESP32-S3-DevKitC-1",
        prefix: "GPIO",
        fixed: {
            reset: ["RST (EN)", "J1-3"],
            supply: ["5V", "J1-21"],
            rail: ["3V3", "J1-1"],
            ground: ["G", "J1-22"],
        },
        // user guide of the ESP32-S3-DevKitC-1, "Header Block"
        headers: {
            ...header("J1-", 4, [4, 5, 6, 7, 15, 16, 17, 18, 8, 3, 46]),
            ...header("J1-", 15, [9, 10, 11, 12, 13, 14]),
            ...header("J3-", 2, [43, 44, 1, 2, 42, 41, 40, 39, 38, 37]),
            ...header("J3-", 12, [36, 35, 0, 45, 48, 47, 21, 20, 19]),
        },
        led: "RGB LED",
        log: "UART0 TX, to the USB port marked UART",
        // ESP32-S3 datasheet, DC characteristics: 0.75 and 0.25 of 3.3 V, also
        // for CHIP_PU (EN); a pull-down is 45 kΩ, typically. The DevKit has
        // 10 kΩ at EN
        limits: {
            highV: 2.475,
            lowV: 0.825,
            resetLowV: 0.825,
            resetHighV: 2.475,
            pullDownOhms: [45_000, 45_000],
            resetPullOhms: 10_000,
        },
        notes: [
            "None of these pins is a strapping pin (0, 3, 45, 46), USB (19, 20) " +
                "or taken by octal flash or PSRAM (33 to 37).",
            "A DevKitC-1 v1.1 has its LED at GPIO38, v1.0 and the DevKitM-1 at " +
                "the GPIO above. On a v1.1 the LED stays dark.",
            "A DevKitM-1 has the same GPIOs at other places: go by the names " +
                "printed beside the pins.",
            "A terminal program that opens the USB port marked UART may reset the " +
                "board, its W5500s too: the DevKit joins DTR and RTS to EN.",
            "At power-on the ESP32-S3 drives GPIO1 to 17 low for about 60 µs, " +
                "`fence` too: C1 at the partner is there to sit that out.",
        ],
        priceUsd: 15,
    },
}

interface BoardFile {
    pins: Record<string, number>
    led: { pin: number }
    log?: { pinTX: number }
}

/** @param kind a name of `KINDS` */
export function readController(kind: string): Controller {
    const board = BOARDS[kind]
    const { pins, led, log } = JSON.parse(
        readFileSync(boardFile(KINDS[kind]), "utf8"),
    ) as BoardFile
    const fixed = (pin: Terminal) => board.fixed[pin as keyof Fixed]
    const onBoard = [{ name: "led", gpio: led.pin, what: board.led }]
    if (log)
        onBoard.push({ name: "log", gpio: log.pinTX, what: board.log ?? "log" })
    return {
        name: board.name,
        pins,
        onBoard,
        label: pin => fixed(pin)?.[0] ?? `${board.prefix}${pins[pin]}`,
        header: pin => fixed(pin)?.[1] ?? board.headers[pins[pin]],
        limits: board.limits,
        notes: board.notes,
        priceUsd: board.priceUsd,
    }
}
