/** What befalls a W5500: a stopped clock, upsets, resets, a lost address. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    Command,
    Common,
    Protocol,
    Sn,
    Status,
} from "../../devs/bench/w5500/registers.ts"
import { drawUpset } from "../../devs/bench/w5500/upset.ts"
import { Random } from "../../devs/sim/random.ts"
import { CHIP_IP, CHIP_MAC, connect, Lan, stream } from "./support/lan.ts"
import type { W5500Master } from "./support/w5500.ts"

const PORT = 3260

/** A host connected to the chip's socket 0. */
function connected(impatient = false) {
    const lan = new Lan()
    const chip = lan.chip()
    // 10 ms, two retries
    if (impatient) chip.setCommon(Common.RTR, 0, 100, 2)
    chip.listen(0, PORT)
    const host = lan.host()
    const peer = connect(host, { ip: CHIP_IP, port: PORT })
    chip.until(0, Status.Established)
    lan.run(1000)
    return { lan, chip, host, peer }
}

/** Whether a host finds somebody at the chip's address and port. */
function isServed(lan: Lan) {
    const peer = connect(lan.host(), { ip: CHIP_IP, port: PORT })
    lan.run(1e6)
    return peer.calls.includes("established")
}

/** Draws upsets until one is as wanted, and lets the chip have it. */
function upset(chip: W5500Master, wanted: RegExp): string {
    for (let seed = 0; seed < 10_000; seed++)
        if (wanted.test(drawUpset(new Random(seed)).text))
            return chip.chip.upset(new Random(seed))
    return assert.fail(`no upset is like ${wanted}`)
}

/// A stopped clock ///

test("a chip whose clock has stopped is deaf, dumb and reads zeros", () => {
    const { lan, chip, host, peer } = connected()
    chip.chip.silent = true
    const before = lan.sent.length
    peer.connection.write(stream(100))
    assert.deepEqual(chip.common(Common.VERSIONR), [0])
    chip.command(0, Command.Close) // nobody hears it
    lan.run(500_000)
    const from = lan.sent.slice(before).map(s => s.packet)
    assert.ok(from.every(p => p.kind === "tcp" && p.src.ip === host.ip))
    assert.ok(lan.segment.carrier(chip.chip), "its PHY keeps the link")
    chip.chip.silent = false
    assert.deepEqual(chip.common(Common.VERSIONR), [4])
    lan.run(1e6)
    assert.equal(chip.status(0), Status.Established)
    assert.equal(peer.acknowledgedBytes, 100)
})

test("INTn stands as it was while the clock does", () => {
    const { lan, chip } = connected(true)
    chip.setCommon(Common.SIMR, 1)
    chip.set(0, Sn.IR, 0xff)
    chip.fill(0, stream(100))
    chip.command(0, Command.Send)
    chip.chip.silent = true
    const before = chip.chip.interruptLevel
    lan.run(1e6) // nobody hears the chip, and it gives up
    assert.deepEqual([before, chip.chip.interruptLevel], [1, 1])
    chip.chip.silent = false
    assert.equal(chip.chip.interruptLevel, 0)
})

/// Upsets ///

test("an upset flips the one bit that it names, and again flips it back", () => {
    const { chip } = connected()
    const SIPR_BIT = /^SIPR bit (\d+)$/
    const name = upset(chip, SIPR_BIT)
    const bit = Number(SIPR_BIT.exec(name)![1])
    const ip = Buffer.from(chip.common(Common.SIPR, 4)).readUInt32BE()
    assert.equal((ip ^ CHIP_IP) >>> 0, (1 << bit) >>> 0)
    assert.equal(chip.chip.ip, ip)
    assert.equal(upset(chip, SIPR_BIT), name)
    assert.equal(chip.chip.ip, CHIP_IP)
})

test("the same seed has the same upset, and all kinds come", () => {
    const texts = Array.from({ length: 3000 }, (_, seed) => {
        const { text } = drawUpset(new Random(seed))
        assert.equal(drawUpset(new Random(seed)).text, text)
        return text.replace(/^S\d/, "S").replace(/ bit.*/, "")
    })
    assert.deepEqual([...new Set(texts)].sort(), [
        ...["GAR", "IMR", "INTLEVEL", "MR", "PHYCFGR", "RCR", "RTR"],
        ...["SHAR", "SIMR", "SIPR", "SUBR", "S_DIPR", "S_DPORT", "S_IMR"],
        ...["S_MR", "S_PORT", "S_RXBUF_SIZE", "S_RX_RD", "S_TXBUF_SIZE"],
        "S_TX_WR",
    ])
})

test("an upset address is nobody's, until it is written again", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.listen(0, PORT)
    upset(chip, /^SIPR/)
    const peer = connect(lan.host(), { ip: CHIP_IP, port: PORT })
    lan.run(3e6)
    assert.deepEqual(peer.calls, [])
    chip.setAddress(CHIP_IP, CHIP_MAC)
    lan.run(3e6)
    assert.deepEqual(peer.calls, ["established"])
})

test("an upset buffer size shares the memory out anew", () => {
    const { chip } = connected()
    for (let n = 1; n < 8; n++) chip.set(n, Sn.RXBUF_SIZE, 0, 0)
    assert.equal(chip.size(0, Sn.TX_FSR), 2048)
    assert.equal(upset(chip, /^S0_TXBUF_SIZE bit 1/), "S0_TXBUF_SIZE bit 1")
    assert.equal(chip.size(0, Sn.TX_FSR), 0)
    chip.set(0, Sn.TXBUF_SIZE, 2)
    assert.equal(chip.size(0, Sn.TX_FSR), 2048)
})

test("an upset port is where a socket listens from now on", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.listen(0, PORT)
    upset(chip, /^S0_PORT/)
    assert.equal(isServed(lan), false)
    chip.listen(0, PORT)
    assert.equal(isServed(lan), true)
})

test("an upset of the PHY's reset bit takes the link", () => {
    const { lan, chip } = connected()
    upset(chip, /^PHYCFGR bit 7/)
    assert.equal(lan.segment.carrier(chip.chip), false)
    chip.setCommon(Common.PHYCFGR, 0xb8)
    assert.equal(lan.segment.carrier(chip.chip), true)
})

test("no upset kills the chip: set up anew, it serves", () => {
    for (let seed = 0; seed < 300; seed++) {
        const { lan, chip, peer } = connected()
        const random = new Random(seed)
        const what = [0, 1, 2, 3].map(() => chip.chip.upset(random)).join()
        peer.connection.write(stream(3000))
        chip.fill(0, stream(500))
        chip.command(0, Command.Send)
        lan.run(100_000)
        chip.setCommon(Common.MR, 0x80)
        chip.setAddress(CHIP_IP, CHIP_MAC)
        chip.open(0, Protocol.Tcp, PORT)
        chip.command(0, Command.Listen)
        assert.ok(isServed(lan), `seed ${seed}: ${what}`)
    }
})

/// Resets ///

test("a chip that resets itself has forgotten its address and connections", () => {
    const { lan, chip, peer } = connected()
    chip.chip.loseReset()
    assert.deepEqual(chip.common(Common.SIPR, 4), [0, 0, 0, 0])
    assert.equal(chip.status(0), Status.Closed)
    chip.setAddress(CHIP_IP, CHIP_MAC)
    peer.connection.write(stream(1))
    lan.run(1000)
    assert.equal(peer.last, "reset", "its connection is a stranger's")
    chip.listen(0, PORT)
    assert.equal(isServed(lan), true)
})

test("a chip that has lost its address keeps all else", () => {
    const { lan, chip, peer } = connected()
    chip.chip.loseAddress()
    assert.deepEqual(chip.common(Common.SIPR, 4), [0, 0, 0, 0])
    peer.connection.write(stream(100))
    lan.run(100_000)
    assert.equal(peer.acknowledgedBytes, 0)
    chip.setAddress(CHIP_IP, CHIP_MAC)
    lan.run(1e6)
    assert.equal(peer.acknowledgedBytes, 100)
})

test("a stale segment gets no answer where the chip gives none", () => {
    const { lan, chip, peer } = connected()
    chip.chip.answersStale = false
    chip.command(0, Command.Close)
    peer.connection.write(stream(1))
    lan.run(1e6)
    assert.deepEqual(lan.tcp({ rst: true }), [])
    const refused = connect(lan.host(), { ip: CHIP_IP, port: PORT })
    lan.run(1000)
    assert.equal(refused.last, "reset", "a SYN is another matter")
    chip.chip.answersStale = true
    lan.run(5e6)
    assert.equal(peer.last, "reset")
})

/// A chip that was soldered badly ///

test("an empty place drives nothing, has no link and no interrupt", () => {
    const { lan, chip } = connected()
    chip.chip.absent = true
    assert.deepEqual(chip.common(Common.VERSIONR), [0xff])
    assert.deepEqual(
        [lan.segment.carrier(chip.chip), chip.chip.interruptLevel],
        [false, 1],
    )
    chip.chip.absent = false
    assert.deepEqual(chip.common(Common.VERSIONR), [4])
})

test("another chip of the family tells another version", () => {
    const { chip } = connected()
    chip.chip.version = 0x51
    assert.deepEqual(chip.common(Common.VERSIONR), [0x51])
})

test("wires that are too long spoil bits above the rate they carry", () => {
    const { chip } = connected()
    const read = () => chip.common(Common.RTR, 8).join()
    const right = read()
    chip.chip.maxHz = 10e6
    assert.notEqual(read(), right)
    chip.chip.maxHz = 33.3e6
    assert.equal(read(), right)
})
