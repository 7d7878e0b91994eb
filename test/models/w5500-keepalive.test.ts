/** Keep-alive of the W5500 model's TCP sockets: Sn_KPALVTR (datasheet 4.2). */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    Common,
    Interrupt,
    Sn,
    Status,
} from "../../devs/bench/w5500/registers.ts"
import { CHIP_IP, connect, Lan, stream } from "./support/lan.ts"

const PORT = 3260
const PROBED_AFTER_US = 5e6

/** A connection on which something was said, with a timer of 5 s. */
function kept(hasSpoken = true) {
    const lan = new Lan(1)
    const chip = lan.chip()
    const host = lan.host()
    chip.setCommon(Common.RTR, 0x03, 0xe8, 3) // 100, 200, 400 ms, and 800
    chip.set(0, Sn.KPALVTR, 1)
    chip.listen(0, PORT)
    const peer = connect(host, { ip: CHIP_IP, port: PORT })
    chip.until(0, Status.Established)
    if (hasSpoken) peer.connection.write(stream(8))
    lan.run(1000)
    return { lan, chip, host, peer }
}

test("keep-alive ends the connection of a host that has vanished", () => {
    const { lan, chip, host } = kept()
    lan.segment.cut(host, true)
    lan.run(PROBED_AFTER_US + 1_400_000)
    assert.equal(chip.status(0), Status.Established)
    lan.run(200_000)
    assert.equal(chip.status(0), Status.Closed)
    assert.ok(chip.interrupts(0) & Interrupt.Timeout)
})

test("keep-alive changes nothing for a host that answers", () => {
    const { lan, chip, peer } = kept()
    chip.set(0, Sn.IR, 0xff)
    lan.run(10 * PROBED_AFTER_US)
    assert.equal(chip.status(0), Status.Established)
    assert.equal(chip.interrupts(0), 0)
    assert.equal(chip.size(0, Sn.RX_RSR), 8)
    chip.send(0, stream(100))
    peer.connection.write(stream(100))
    lan.run(10_000)
    assert.equal(chip.size(0, Sn.RX_RSR), 108)
})

test("no keep-alive before the first data", () => {
    const { lan, chip, host } = kept(false)
    lan.segment.cut(host, true)
    lan.run(10 * PROBED_AFTER_US)
    assert.equal(chip.status(0), Status.Established)
})
