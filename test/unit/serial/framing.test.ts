/** Text and Jacdac frames on one line: what goes in comes out, damaged or not. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
    bridgeCommand,
    BridgeCommand,
    bridgeFrame,
} from "../../../devs/serial/bridge.ts"
import {
    LineReader,
    quoteFrame,
    quoteText,
} from "../../../devs/serial/framing.ts"
import { UsbPort } from "../../../devs/serial/usbport.ts"
import { commandFrame, operatorFrame } from "../../../devs/vm/jacdac.ts"

const DEVICE = "7a00000000000001"

function collect() {
    const text: number[] = []
    const frames: Uint8Array[] = []
    const reader = new LineReader({
        text: bytes => void text.push(...bytes),
        frame: f => void frames.push(f),
    })
    return { text, frames, reader }
}

const frame = fc
    .uint8Array({ maxLength: 232 })
    .map(payload => commandFrame(DEVICE, 1, 0x80, payload))
const item = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }).map(text => ({ text })),
    frame.map(f => ({ frame: f })),
)

test("text and frames come apart again, however the bytes are cut", () => {
    fc.assert(
        fc.property(
            fc.array(item),
            fc.integer({ min: 1, max: 64 }),
            (all, n) => {
                const { text, frames, reader } = collect()
                const bytes = Buffer.concat(
                    all.map(i =>
                        "text" in i ? quoteText(i.text) : quoteFrame(i.frame),
                    ),
                )
                for (let at = 0; at < bytes.length; at += n)
                    reader.push(bytes.subarray(at, at + n))
                const texts = all.flatMap(i => ("text" in i ? i.text : []))
                assert.deepEqual(Buffer.from(text), Buffer.from(texts.join("")))
                assert.deepEqual(
                    frames,
                    all.flatMap(i =>
                        "frame" in i ? [Uint8Array.from(i.frame)] : [],
                    ),
                )
            },
        ),
        { seed: 11, numRuns: 500 },
    )
})

test("a frame with a wrong byte is dropped, and the next one is heard", () => {
    const good = quoteFrame(operatorFrame(DEVICE, "status"))
    for (let k = 2; k < good.length - 2; k++) {
        const { frames, reader } = collect()
        const bad = Uint8Array.from(good)
        bad[k] ^= 1
        reader.push(bad)
        assert.deepEqual(frames, [], `byte ${k}`)
        reader.push(good)
        assert.equal(frames.length, 1, `after byte ${k}`)
    }
})

test("any bytes at all do no harm", () => {
    const good = quoteFrame(operatorFrame(DEVICE, "status"))
    fc.assert(
        fc.property(fc.uint8Array({ maxLength: 600 }), noise => {
            const { frames, reader } = collect()
            reader.push(noise)
            // what is not over is ended by the beginning of the next
            reader.push(good)
            reader.push(good)
            assert.ok(frames.length >= 1)
        }),
        { seed: 12, numRuns: 2000 },
    )
})

test("a port sends frames to who asks for them, and text to everybody", () => {
    const sent = collect()
    const received: Uint8Array[] = []
    const port = new UsbPort({
        send: bytes => sent.reader.push(bytes),
        receive: f => void received.push(f),
    })
    const text = () => Buffer.from(sent.text).toString()
    const own = operatorFrame(DEVICE, "x")
    port.line("> a: starting")
    assert.equal(text(), "", "nobody listens")
    port.setOpen(true)
    assert.equal(text(), "> a: starting\n", "what was said before is kept")
    port.frame(own)
    assert.deepEqual(sent.frames, [])
    port.push(quoteFrame(bridgeFrame(BridgeCommand.EnablePackets)))
    assert.equal(bridgeCommand(sent.frames[0]), BridgeCommand.EnablePackets)
    port.frame(own)
    assert.deepEqual(sent.frames[1], Uint8Array.from(own))
    port.push(quoteFrame(own))
    assert.deepEqual(received, [Uint8Array.from(own)])
    port.setOpen(false)
    port.setOpen(true)
    port.frame(own)
    assert.equal(sent.frames.length, 2, "who comes later asks again")
})
