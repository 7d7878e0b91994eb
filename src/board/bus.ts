/**
 * The arbiter of the one SPI bus. A fiber owns the bus from the moment a chip
 * select goes low until it is high again; the other one waits.
 *
 * Flat on purpose: a script call costs 20 µs and more on a Pico, and each
 * mirrored write makes some thirty transfers.
 */
import * as ds from "@devicescript/core"
import { Board, Pin } from "./board"

/** One more transfer with the chip that is selected: see `Board.spiXfer`. */
export let spiXfer: (tx: Buffer, rx: Buffer) => Promise<void>

/** Level of an input pin: see `Board.read`. */
export let readPin: (pin: Pin) => number

let owned = false
/** The fiber that wants the bus next. There are only two that use it. */
let waiting: ds.Fiber | undefined

/** Gives the arbiter its bus. */
export function startBus(board: Board) {
    spiXfer = board.spiXfer
    readPin = board.read
}

async function turn() {
    if (waiting) throw new RangeError("a third fiber wants the bus")
    waiting = ds.Fiber.self()
    await ds.suspend()
}

/** Hands the bus, still owned, to who waits for it. */
function handOver() {
    const fiber = waiting as ds.Fiber
    waiting = undefined
    fiber.resume(0)
}

/** One transfer with one chip: select, exchange, deselect. */
export async function transfer(cs: Pin, tx: Buffer, rx: Buffer) {
    if (owned) await turn()
    else owned = true
    cs.setMode(ds.GPIOMode.OutputLow)
    await spiXfer(tx, rx)
    cs.setMode(ds.GPIOMode.OutputHigh)
    if (waiting) handOver()
    else owned = false
}

/** Two transfers with one chip, each with its own select. */
export async function transferTwice(
    cs: Pin,
    tx1: Buffer,
    rx1: Buffer,
    tx2: Buffer,
    rx2: Buffer,
) {
    if (owned) await turn()
    else owned = true
    cs.setMode(ds.GPIOMode.OutputLow)
    await spiXfer(tx1, rx1)
    cs.setMode(ds.GPIOMode.OutputHigh)
    cs.setMode(ds.GPIOMode.OutputLow)
    await spiXfer(tx2, rx2)
    cs.setMode(ds.GPIOMode.OutputHigh)
    if (waiting) handOver()
    else owned = false
}

/** Three transfers with one chip, each with its own select. */
export async function transferThrice(
    cs: Pin,
    tx1: Buffer,
    rx1: Buffer,
    tx2: Buffer,
    rx2: Buffer,
    tx3: Buffer,
    rx3: Buffer,
) {
    if (owned) await turn()
    else owned = true
    cs.setMode(ds.GPIOMode.OutputLow)
    await spiXfer(tx1, rx1)
    cs.setMode(ds.GPIOMode.OutputHigh)
    cs.setMode(ds.GPIOMode.OutputLow)
    await spiXfer(tx2, rx2)
    cs.setMode(ds.GPIOMode.OutputHigh)
    cs.setMode(ds.GPIOMode.OutputLow)
    await spiXfer(tx3, rx3)
    cs.setMode(ds.GPIOMode.OutputHigh)
    if (waiting) handOver()
    else owned = false
}

/** Selects a chip for several `spiXfer`; `deselect` must follow. */
export async function select(cs: Pin) {
    if (owned) await turn()
    else owned = true
    cs.setMode(ds.GPIOMode.OutputLow)
}

export function deselect(cs: Pin) {
    cs.setMode(ds.GPIOMode.OutputHigh)
    if (waiting) handOver()
    else owned = false
}

/** Clocks bytes with no chip selected. */
export async function lendBus(buf: Buffer) {
    if (owned) await turn()
    else owned = true
    await spiXfer(buf, buf)
    if (waiting) handOver()
    else owned = false
}
