/** Pings, byte by byte, and what an answer to one tells. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { Clock } from "../../support/devicescript/core.ts"
import { newBoard, useDeviceScript } from "../../support/devicescript.ts"
import { header } from "../../support/linkframe.ts"

useDeviceScript()

async function start() {
    const tag = newBoard()
    const load = (module: string) => import(`../../../src/${module}.ts${tag}`)
    const ping: typeof import("../../../src/pair/ping.ts") =
        await load("pair/ping")
    const { detector }: typeof import("../../../src/pair/heartbeat.ts") =
        await load("pair/heartbeat")
    const net: typeof import("../../../src/net/out.ts") = await load("net/out")
    const { out } = await load("net/frames")
    const { DATA } = await load("drivers/w5500")
    ping.startPings()
    return {
        ...ping,
        detector,
        /** Sends one at this time. @returns it, as hex */
        send(ms: number): string {
            Clock.current().advance(ms)
            ping.addPing()
            const frame = out.slice(DATA, DATA + net.outLength)
            net.dropOut()
            return frame.toString("hex")
        },
    }
}

test("a ping has its number, and the partner's last one", async () => {
    const b = await start()
    assert.equal(b.send(10), header("05 00 0000 01000000 00000000"))
    b.takePing(7, 0)
    assert.equal(b.send(40), header("05 00 0000 02000000 07000000"))
})

test("an answer is as old as what it answers", async () => {
    const b = await start()
    for (const ms of [10, 40, 70]) b.send(ms)
    b.takePing(1, 0)
    assert.equal(b.detector.answeredAt, 0, "it answers none")
    b.takePing(2, 2)
    assert.equal(b.detector.answeredAt, 40)
    b.takePing(3, 1)
    assert.equal(b.detector.answeredAt, 40, "an older one takes nothing back")
    b.takePing(4, 3)
    assert.equal(b.detector.answeredAt, 70)
})

test("what was never sent, or long ago, or on another connection, is no answer", async () => {
    const b = await start()
    for (let n = 1; n <= 20; n++) b.send(30 * n)
    b.takePing(1, 21)
    b.takePing(2, 4)
    assert.equal(b.detector.answeredAt, 0)
    b.takePing(3, 5)
    assert.equal(b.detector.answeredAt, 150)
    b.startPings()
    b.takePing(1, 20)
    assert.equal(b.detector.answeredAt, 150)
})
