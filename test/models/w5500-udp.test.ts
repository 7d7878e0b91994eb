/** The W5500 model's UDP sockets and its ARP (datasheet 4.1 and 4.2). */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    Command,
    Common,
    Interrupt,
    IR_CONFLICT,
    Protocol,
    Sn,
    Status,
} from "../../devs/bench/w5500/registers.ts"
import type { ArpPacket } from "../../devs/bench/net/ethernet.ts"
import {
    CHIP_IP,
    CHIP_MAC,
    connect,
    HOST_IP,
    Lan,
    Server,
    stream,
} from "./support/lan.ts"

const PORT = 5000

function arps(lan: Lan): ArpPacket[] {
    return lan.sent.map(s => s.packet).filter(p => p.kind === "arp")
}

test("a datagram arrives behind eight bytes: address, port and length", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.open(0, Protocol.Udp, PORT)
    const host = lan.host()
    host.sendUdp(4321, { ip: CHIP_IP, port: PORT }, stream(700))
    lan.run(1000)
    assert.equal(chip.interrupts(0), Interrupt.Recv)
    assert.equal(chip.size(0, Sn.RX_RSR), 708)
    const packet = chip.receive(0)
    assert.deepEqual(
        [...packet.subarray(0, 8)],
        [10, 0, 0, 100, 4321 >> 8, 4321 & 255, 700 >> 8, 700 & 255],
    )
    assert.deepEqual(packet.subarray(8), stream(700))
})

test("datagrams to a port that is not open are lost", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.open(0, Protocol.Udp, PORT)
    lan.host().sendUdp(1, { ip: CHIP_IP, port: PORT + 1 }, stream(10))
    lan.run(1000)
    assert.equal(chip.size(0, Sn.RX_RSR), 0)
})

test("a datagram that does not fit whole is lost", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.open(0, Protocol.Udp, PORT)
    const host = lan.host()
    for (const length of [1200, 1200, 800])
        host.sendUdp(1, { ip: CHIP_IP, port: PORT }, stream(length))
    lan.run(1000)
    // 2048 B have room for 1208 and 808
    assert.equal(chip.size(0, Sn.RX_RSR), 1208 + 808)
})

test("SEND makes a datagram of what is written, and tells SENDOK", () => {
    const lan = new Lan()
    const chip = lan.chip()
    const server = new Server()
    lan.host(server)
    chip.open(2, Protocol.Udp, PORT)
    chip.setRemote(2, HOST_IP, 999)
    chip.send(2, stream(100))
    lan.run(1000)
    chip.send(2, stream(50, 100))
    lan.run(1000)
    assert.equal(chip.interrupts(2), Interrupt.SendOk)
    assert.equal(chip.size(2, Sn.TX_FSR), 2048)
    assert.deepEqual(
        server.datagrams.map(d => [d.src, d.dst.port, d.data]),
        [
            [{ ip: CHIP_IP, port: PORT }, 999, new Uint8Array(stream(100))],
            [{ ip: CHIP_IP, port: PORT }, 999, new Uint8Array(stream(50, 100))],
        ],
    )
})

test("SEND to an address nobody has ends with TIMEOUT after ARP_TO", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.setCommon(Common.RTR, 0, 100, 3) // 10 ms, three retries
    chip.open(0, Protocol.Udp, PORT)
    chip.setRemote(0, HOST_IP, 999)
    chip.send(0, stream(10))
    lan.run(39_000)
    assert.equal(chip.interrupts(0), 0)
    assert.equal(chip.size(0, Sn.TX_FSR), 2048 - 10)
    lan.run(2000)
    assert.equal(chip.interrupts(0), Interrupt.Timeout)
    assert.equal(chip.size(0, Sn.TX_FSR), 2048)
    assert.equal(arps(lan).length, 4)
})

test("the end of a SEND does not touch what its socket has become since", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.setCommon(Common.RTR, 0, 100, 3)
    chip.open(0, Protocol.Udp, PORT)
    chip.setRemote(0, HOST_IP, 999)
    chip.send(0, stream(10))
    chip.command(0, Command.Close)
    chip.listen(0, 3260)
    lan.run(1e6)
    assert.equal(chip.interrupts(0), 0)
    assert.equal(chip.status(0), Status.Listen)
})

/// ARP ///

test("the chip answers ARP for SIPR, as soon as it is set", () => {
    const lan = new Lan()
    const chip = lan.chip(0, CHIP_MAC)
    const host = lan.host()
    const early = connect(host, { ip: CHIP_IP, port: 3260 })
    lan.run(500_000)
    assert.deepEqual(early.calls, [])
    assert.deepEqual(
        arps(lan).filter(p => p.isReply),
        [],
    )
    chip.setAddress(CHIP_IP, CHIP_MAC)
    lan.run(1e6)
    const [reply] = arps(lan).filter(p => p.isReply)
    assert.deepEqual(
        [reply.senderIp, reply.senderMac, reply.targetIp],
        [CHIP_IP, CHIP_MAC, HOST_IP],
    )
    assert.equal(early.last, "reset", "and nobody listens yet")
})

test("a datagram to itself announces the chip: an ARP request for SIPR", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.open(0, Protocol.Udp, PORT)
    chip.setRemote(0, CHIP_IP, 9)
    chip.send(0, stream(1))
    const [announcement] = arps(lan)
    assert.deepEqual(
        [announcement.senderIp, announcement.targetIp, announcement.isReply],
        [CHIP_IP, CHIP_IP, false],
    )
})

test("an ARP request from its own IP address raises CONFLICT", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.setCommon(Common.IMR, IR_CONFLICT)
    const heir = lan.chip(CHIP_IP, "02545700000b")
    heir.open(0, Protocol.Udp, PORT)
    heir.setRemote(0, CHIP_IP, 9)
    heir.send(0, stream(1))
    lan.run(1000)
    assert.deepEqual(chip.common(Common.IR), [IR_CONFLICT])
    assert.equal(chip.chip.interruptLevel, 0)
    assert.deepEqual(heir.common(Common.IR), [0], "nobody tells the other")
    chip.setCommon(Common.IR, IR_CONFLICT)
    assert.deepEqual(chip.common(Common.IR), [0])
    assert.equal(chip.chip.interruptLevel, 1)
})

test("an ARP reply from its own IP address raises nothing", () => {
    const lan = new Lan()
    const chip = lan.chip()
    lan.segment.send(lan.host(), CHIP_MAC, {
        kind: "arp",
        isReply: true,
        senderMac: "02545700000b",
        senderIp: CHIP_IP,
        targetIp: CHIP_IP,
    })
    lan.run(1000)
    assert.deepEqual(chip.common(Common.IR), [0])
})

test("CONFLICT looks at IP addresses only: a twin's MAC does not hide it", () => {
    const lan = new Lan()
    const chip = lan.chip()
    const twin = lan.chip()
    twin.open(0, Protocol.Udp, PORT)
    twin.setRemote(0, CHIP_IP, 9)
    twin.send(0, stream(1))
    lan.run(1000)
    assert.deepEqual(chip.common(Common.IR), [IR_CONFLICT])
})
