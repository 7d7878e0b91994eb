/**
 * Statements whose cost is known from measurements, for
 * test/models/cpu.test.ts: each loop says its name when it is done.
 */
import * as ds from "@devicescript/core"
import { Board } from "../../src/board/board"
import { openBench } from "../../src/board/bench"

/** Turns of each loop; test/models/cpu.test.ts knows it too. */
const N = 500

const board: Board = openBench()
const spiXfer = board.spiXfer
const readPin = board.read
const pin = board.pins.beatOut
const input = board.pins.beatIn
const cs = board.pins.csCard
const bytes = Buffer.alloc(512)
const source = Buffer.alloc(512)
const bytes4 = Buffer.alloc(4)
const bytes2052 = Buffer.alloc(2052)
let sum = 0

function nothing() {}

class Thing {
    method() {}
    async asyncMethod() {}
}
const thing = new Thing()

async function done(name: string) {
    console.log(`cost ${name}`)
    await ds.sleep(1)
}

async function transfer(b: Buffer) {
    for (let i = 0; i < N; ++i) {
        cs.setMode(ds.GPIOMode.OutputLow)
        await spiXfer(b, b)
        cs.setMode(ds.GPIOMode.OutputHigh)
    }
}

async function language() {
    for (let i = 0; i < N; ++i) {}
    await done("for")
    for (let i = 0; i < N; ++i) sum += i
    await done("add")
    for (let i = 0; i < N; ++i) if (i === 5) sum = i
    await done("if")
    for (let i = 0; i < N; ++i) nothing()
    await done("call")
    for (let i = 0; i < N; ++i) thing.method()
    await done("method")
    for (let i = 0; i < N; ++i) await thing.asyncMethod()
    await done("asyncMethod")
    for (let i = 0; i < N; ++i)
        try {
            throw undefined
        } catch {}
    await done("throw")
}

async function buffers() {
    for (let i = 0; i < N; ++i) sum = bytes[3]
    await done("index")
    for (let i = 0; i < N; ++i) sum = bytes.getAt(4, "u32")
    await done("getAt")
    for (let i = 0; i < N; ++i) bytes.setAt(4, "u32", i)
    await done("setAt")
    for (let i = 0; i < N; ++i) bytes.blitAt(0, source, 0, 512)
    await done("blitAt")
    for (let i = 0; i < N; ++i) bytes.fillAt(0, 512, 0)
    await done("fillAt")
    for (let i = 0; i < N; ++i) Buffer.alloc(512)
    await done("alloc")
}

async function door() {
    for (let i = 0; i < N; ++i) pin.setMode(ds.GPIOMode.OutputHigh)
    await done("setMode")
    for (let i = 0; i < N; ++i) sum = readPin(input)
    await done("readPin")
    for (let i = 0; i < N; ++i) await spiXfer(bytes, bytes)
    await done("spiXfer")
    for (let i = 0; i < N; ++i) await spiXfer(source, bytes)
    await done("spiXferTwo")
    await transfer(bytes4)
    await done("transfer4")
    await transfer(bytes2052)
    await done("transfer2052")
    for (let i = 0; i < N; ++i) await board.idle(1)
    await done("idle")
}

async function main() {
    board.spiConfigure(15625000)
    await ds.sleep(1)
    await done("begin")
    await language()
    await buffers()
    await door()
    await done("end")
}

await main()
