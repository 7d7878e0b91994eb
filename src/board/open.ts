/** A board as every program wants it at first: its pins set, its clock rates. */
import * as ds from "@devicescript/core"
import { openBench } from "./bench"
import { Board } from "./board"
import { openPico } from "./pico"

/** SD cards want 400 kHz or less until they are initialised. */
export const INIT_HZ = 400000
/** What the W5500 guarantees is 33.3 MHz; the Pico's next rate is this. */
export const BUS_HZ = 31250000

function setPins(board: Board) {
    const p = board.pins
    const high = ds.GPIOMode.OutputHigh
    p.csHome.setMode(high)
    p.csPartner.setMode(high)
    p.csLink.setMode(high)
    p.csCard.setMode(high)
    p.beatOut.setMode(ds.GPIOMode.OutputLow)
    p.beatIn.setMode(ds.GPIOMode.InputPullDown)
    p.fence.setMode(ds.GPIOMode.InputPullDown)
    p.present.setMode(ds.GPIOMode.InputPullUp)
    p.intHome.setMode(ds.GPIOMode.InputPullUp)
    p.intPartner.setMode(ds.GPIOMode.InputPullUp)
    p.intLink.setMode(ds.GPIOMode.InputPullUp)
}

/** The board that this is, on a desk or on the bench. No chip is selected. */
export function openBoard(): Board {
    const board = ds.isSimulator() ? openBench() : openPico()
    setPins(board)
    return board
}
