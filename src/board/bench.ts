/**
 * A board on the bench: SPI transfers and pins go through the door, which is
 * the simulator's one socket (`_socketWrite`), answered before it returns.
 * What stands here costs no board time: the bench takes it off.
 */
import * as ds from "@devicescript/core"
import { Board, Pin, Pins } from "./board"
import { CTL_COPIED, CTL_SIZE, DoorOp, DoorPin, SPI_REFUSED } from "./door"

type Door = typeof ds & {
    _socketOpen(host: string, port: number): number
    _socketWrite(buf: Buffer): number
    _socketOnEvent(event: "open" | "data"): void
}
const door = ds as Door

const ctl = Buffer.alloc(CTL_SIZE)

/** The fiber that waits for its transfer, and the one that idles. */
let transferring: ds.Fiber | undefined
let idling: ds.Fiber | undefined

function operation(op: DoorOp, arg0: number, arg1: number) {
    ctl[0] = op
    ctl[1] = arg0
    ctl[2] = arg1
    return door._socketWrite(ctl)
}

class BenchPin implements Pin {
    constructor(readonly pin: DoorPin) {}
    setMode(mode: ds.GPIOMode) {
        ctl[0] = DoorOp.PinMode
        ctl[1] = this.pin
        ctl[2] = mode
        door._socketWrite(ctl)
    }
}

function read(pin: Pin) {
    return operation(DoorOp.PinRead, (pin as BenchPin).pin, 0)
}

function spiConfigure(hz: number) {
    ctl.setAt(4, "u32", hz)
    operation(DoorOp.SpiConfigure, 0, 0)
}

async function spiXfer(tx: Buffer, rx: Buffer) {
    if (transferring) throw new RangeError("SPI busy")
    if (tx !== rx) {
        if (!rx) operation(DoorOp.SpiSendOnly, 0, 0)
        else if (!tx) operation(DoorOp.SpiReceiveOnly, 0, 0)
        else if (tx.length !== rx.length)
            throw new TypeError("same size TX/RX buffers expected")
        else {
            rx.blitAt(0, tx, 0, tx.length)
            ctl[CTL_COPIED] = 1
        }
    }
    if (door._socketWrite(rx || tx) === SPI_REFUSED)
        throw new RangeError("SPI error: -1")
    transferring = ds.Fiber.self()
    await ds.suspend()
}

async function idle(ms: number) {
    idling = ds.Fiber.self()
    ctl.setAt(4, "u32", ms)
    operation(DoorOp.Idle, 0, 0)
    await ds.suspend()
}

function wake() {
    if (!idling) return
    idling.resume(0)
    idling = undefined
}

function onEvent(event: "open" | "data") {
    if (event === "data") wake()
    else if (transferring) {
        const fiber = transferring
        transferring = undefined
        fiber.resume(0)
    }
}

/** Opens the door. */
export function openBench(): Board {
    door._socketOnEvent = onEvent
    door._socketOpen("bench", 1)
    door._socketWrite(ctl)
    const pins: Pins = {
        csHome: new BenchPin(DoorPin.CsHome),
        csPartner: new BenchPin(DoorPin.CsPartner),
        csLink: new BenchPin(DoorPin.CsLink),
        csCard: new BenchPin(DoorPin.CsCard),
        beatOut: new BenchPin(DoorPin.BeatOut),
        beatIn: new BenchPin(DoorPin.BeatIn),
        fence: new BenchPin(DoorPin.Fence),
        present: new BenchPin(DoorPin.Present),
        intHome: new BenchPin(DoorPin.IntHome),
        intPartner: new BenchPin(DoorPin.IntPartner),
        intLink: new BenchPin(DoorPin.IntLink),
    }
    return { pins, read, spiConfigure, spiXfer, idle, wake }
}
