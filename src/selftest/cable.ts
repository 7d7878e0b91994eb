/**
 * The pins of the cable between the boards: first without the cable, where each
 * pin must follow its own pull resistor both ways, then with it.
 */
import * as ds from "@devicescript/core"
import { Board, Pin } from "../board/board"
import { readPin } from "../board/bus"
import { isHeard, isResult } from "./beat"
import { pause, until } from "./pause"
import { judge, pass, waitsFor } from "./report"
import { ear, isBeating, setMute } from "./telegraph"

/** A line takes microseconds to follow a pull resistor of 50 kΩ. */
const SETTLE_MS = 2
/** Whoever beats is heard by then, if he is to be heard. */
const HEAR_MS = 2500
/** A cable that has just been put in, or out. */
const PLUG_MS = 300
/** Between two lines that ask for the same. */
const ASK_MS = 30000

/** this board has seen its pins without the cable since it started */
let wasSeenOut = false

/** The level of a pin with a pull-up, or a pull-down. */
export async function pulled(pin: Pin, up: boolean): Promise<number> {
    pin.setMode(up ? ds.GPIOMode.InputPullUp : ds.GPIOMode.InputPullDown)
    await pause(SETTLE_MS)
    return readPin(pin)
}

/** @returns what is wrong with a pin that nothing is connected to */
async function freeFault(pin: Pin, name: string): Promise<string> {
    if ((await pulled(pin, true)) === 0)
        return `${name} is low without the cable: shorted to ground?`
    if ((await pulled(pin, false)) === 1)
        return (
            `${name} is high without the cable: shorted to the supply, or ` +
            "wired to another part of this board"
        )
    return ""
}

/** @returns what is wrong with the pins, each by itself */
async function freeFaults({ pins }: Board): Promise<string> {
    setMute(true)
    const faults = [
        await freeFault(pins.beatOut, "beatOut"),
        await freeFault(pins.beatIn, "beatIn"),
        // its pull-up is at the partner's end: here it may be its own reset's
        await freeFault(pins.fence, "fence"),
    ]
    setMute(false)
    return faults.filter(f => f !== "").join("; ")
}

/**
 * Whether an earlier start of this board has been through all this: a partner
 * whose fence has been pulled, or who remembers this board's, has met it.
 */
function hasMet(): boolean {
    return isHeard(ear) && (isResult(ear.words[0]) || isResult(ear.words[1]))
}

/**
 * Has the cable taken out, if it is in, and put in again.
 * @returns false: a pin is wrong, and the partner must not be tried
 */
export async function checkWithoutCable(board: Board): Promise<boolean> {
    const { pins } = board
    if (readPin(pins.present) === 0 || ear.edges > 0)
        await until(() => isHeard(ear), HEAR_MS)
    if (wasSeenOut || hasMet()) {
        pass("pins-free", "seen=earlier")
        return true
    }
    let wrong = ""
    for (;;) {
        if (readPin(pins.present) === 0 && !(await awaitOut(pins.present)))
            return false
        await pause(PLUG_MS)
        wrong = await freeFaults(board)
        if (readPin(pins.present) === 1) break
        // someone has put it in meanwhile
    }
    judge("pins-free", wrong)
    wasSeenOut = wrong === ""
    if (!wasSeenOut) return false
    await awaitIn(pins.present)
    return true
}

/** @returns false: the cable is out, and `present` does not tell */
async function awaitOut(present: Pin): Promise<boolean> {
    let heard = false
    for (;;) {
        waitsFor("take the cable between the boards out at this end")
        const since = ds.millis()
        while (ds.millis() - since < ASK_MS) {
            if (readPin(present) === 1) return true
            if (isHeard(ear)) heard = true
            else if (heard && !isBeating()) {
                // it went, and the cable with it
                await pause(PLUG_MS)
                if (readPin(present) === 1) return true
                judge(
                    "pins-free",
                    "present is low without the cable: shorted to ground?",
                )
                return false
            }
            await pause(SETTLE_MS)
        }
    }
}

/** Waits until the cable is in, as far as this board can see. */
export async function awaitIn(present: Pin) {
    // where `present` is broken, the partner is heard
    const isIn = () => readPin(present) === 0 || isHeard(ear)
    while (!isIn()) {
        waitsFor("put the cable between the boards in, when both ask for it")
        await until(isIn, ASK_MS)
    }
    await pause(PLUG_MS)
}
