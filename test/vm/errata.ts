/**
 * What a driver sees that breaks the rules of the Pico's SPI; see
 * test/models/errata.test.ts.
 */
import * as ds from "@devicescript/core"
import { Board } from "../../src/board/board"
import { openBench } from "../../src/board/bench"

const board: Board = openBench()
const spiXfer = board.spiXfer
const none = undefined as any as Buffer
let isDone = false

/** Says what becomes of a transfer. */
async function attempt(what: string, tx: Buffer, rx: Buffer) {
    try {
        await spiXfer(tx, rx)
        console.log(`${what}: done`)
    } catch (e) {
        const kind = e instanceof RangeError ? "RangeError" : "TypeError"
        console.log(`${what}: ${kind} ${(e as Error).message}`)
    }
}

async function inBackground(tx: Buffer, rx: Buffer) {
    await spiXfer(tx, rx)
    isDone = true
}

async function main() {
    const small = Buffer.alloc(4)
    const large = Buffer.alloc(4096)
    await attempt("not configured", small, small)
    board.spiConfigure(400000)
    await attempt("4 B", small, small)
    await attempt("4096 B", large, large)
    await attempt("0 B", Buffer.alloc(0), Buffer.alloc(0))
    const huge = Buffer.alloc(4097)
    await attempt("4097 B", huge, huge)
    await attempt("two sizes", small, large)
    inBackground.start(large, large)
    await ds.sleep(1)
    await attempt("two at once", small, small)
    while (!isDone) await ds.sleep(1)
    await attempt("one after the other", small, small)
    isDone = false
    inBackground.start(none, small)
    await ds.sleep(1000)
    console.log(`receive only: ${isDone ? "done" : "hangs"}`)
    await attempt("after that", small, small)
    console.log("end")
}

await main()
