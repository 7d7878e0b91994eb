/** The Pico's SPI errata, as the firmware meets them. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { LoneBoard } from "./support/board.ts"

test("a driver that breaks the rules is refused, or hangs", () => {
    const lone = new LoneBoard("test/vm/errata.ts")
    lone.until(/^> end/)
    const said = lone.lines.filter(l => l.startsWith("> "))
    assert.deepEqual(
        said.map(l => l.slice(2)),
        [
            "not configured: RangeError SPI error: -1",
            "4 B: done",
            "4096 B: done",
            "0 B: RangeError SPI error: -1",
            "4097 B: RangeError SPI error: -1",
            "two sizes: TypeError same size TX/RX buffers expected",
            "two at once: RangeError SPI busy",
            "one after the other: done",
            "receive only: hangs",
            // the fiber that hangs still holds the bus
            "after that: RangeError SPI busy",
            "end",
        ],
    )
    assert.deepEqual(lone.panics, [])
})
