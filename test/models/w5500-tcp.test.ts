/** The W5500 model's TCP sockets, command by command (datasheet 4.2). */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BlockKind,
    Command,
    Common,
    Interrupt,
    Protocol,
    Sn,
    Status,
} from "../../devs/bench/w5500/registers.ts"
import { Random } from "../../devs/sim/random.ts"
import {
    CHIP_IP,
    connect,
    HOST_IP,
    Lan,
    Server,
    stream,
    type Peer,
} from "./support/lan.ts"
import { block, type W5500Master } from "./support/w5500.ts"

const PORT = 3260

/** A host connected to the chip's socket 0. */
function connected(seed = 1, kilobytes = 2) {
    const lan = new Lan(seed)
    const chip = lan.chip()
    for (let n = 1; n < 8; n++) chip.set(n, Sn.RXBUF_SIZE, 0, 0)
    chip.set(0, Sn.RXBUF_SIZE, kilobytes, kilobytes)
    chip.listen(0, PORT)
    const peer = connect(lan.host(), { ip: CHIP_IP, port: PORT })
    chip.until(0, Status.Established)
    lan.run(1000)
    chip.set(0, Sn.IR, 0xff)
    return { lan, chip, peer }
}

/// OPEN, LISTEN, CONNECT ///

test("OPEN makes what Sn_MR names: TCP, UDP, or nothing", () => {
    const chip = new Lan().chip()
    for (const [protocol, status] of [
        [Protocol.Tcp, Status.Init],
        [Protocol.Udp, Status.Udp],
        [Protocol.Closed, Status.Closed],
    ] as const) {
        chip.open(4, protocol, 1000)
        assert.equal(chip.status(4), status)
    }
})

test("LISTEN and CONNECT want SOCK_INIT", () => {
    const chip = new Lan().chip()
    chip.command(0, Command.Listen)
    assert.equal(chip.status(0), Status.Closed)
    chip.open(0, Protocol.Udp, PORT)
    chip.command(0, Command.Connect)
    assert.equal(chip.status(0), Status.Udp)
})

test("a listening socket tells who has connected", () => {
    const { chip, peer } = connected()
    assert.deepEqual(peer.calls, ["established"])
    assert.deepEqual(
        [...chip.read(block(0, BlockKind.Socket), Sn.DIPR, 6)],
        [10, 0, 0, 100, peer.connection.local.port >> 8, 0],
    )
})

test("a connection waits in SOCK_SYNRECV for the end of its handshake", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.setCommon(Common.RTR, 0, 100, 2) // 10 ms, two retries
    chip.listen(0, PORT)
    // the host's third packet, and all behind it, are lost
    lan.setFault(p => (p.kind === "tcp" && p.acks && !p.syn ? undefined : p))
    connect(lan.host(), { ip: CHIP_IP, port: PORT })
    chip.until(0, Status.SynRecv)
    assert.equal(chip.interrupts(0), 0)
    chip.until(0, Status.Closed)
    assert.equal(chip.interrupts(0), Interrupt.Timeout)
    assert.equal(lan.tcp({ syn: true, acks: true }).length, 3)
})

test("a socket that is closed in SOCK_SYNRECV stays closed", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.listen(0, PORT)
    const peer = connect(lan.host(), { ip: CHIP_IP, port: PORT })
    chip.until(0, Status.SynRecv)
    chip.command(0, Command.Close)
    lan.run(1e6)
    assert.equal(chip.status(0), Status.Closed)
    assert.equal(chip.interrupts(0), 0)
    assert.equal(peer.last, "reset", "the host's ACK is a stranger's")
})

test("several sockets listen on one port; the lowest takes the next host", () => {
    const lan = new Lan()
    const chip = lan.chip()
    for (const n of [1, 4, 6]) chip.listen(n, PORT)
    chip.listen(0, PORT + 1)
    const host = lan.host()
    for (const n of [1, 4, 6]) {
        connect(host, { ip: CHIP_IP, port: PORT })
        chip.until(n, Status.Established)
    }
    assert.equal(chip.status(0), Status.Listen)
    const tooMany = connect(host, { ip: CHIP_IP, port: PORT })
    lan.run(1e6)
    assert.deepEqual(tooMany.calls, ["reset"])
})

test("a SYN to a port where nobody listens gets RST", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.listen(0, PORT)
    const peer = connect(lan.host(), { ip: CHIP_IP, port: PORT + 1 })
    lan.run(1000)
    assert.deepEqual(peer.calls, ["reset"])
    const [rst] = lan.tcp({ rst: true })
    assert.deepEqual([rst.seq, rst.acks], [0, true], "RFC 9293 3.5.2")
})

test("CONNECT reaches a host, from the port that was given", () => {
    const lan = new Lan()
    const chip = lan.chip()
    const server = new Server()
    lan.host(server)
    chip.connect(3, 5000, HOST_IP, PORT)
    assert.equal(chip.status(3), Status.SynSent)
    chip.until(3, Status.Established)
    assert.equal(chip.interrupts(3), Interrupt.Con)
    assert.equal(server.peers[0].connection.remote.port, 5000)
})

test("CONNECT to a port that is refused closes the socket", () => {
    const lan = new Lan()
    const chip = lan.chip()
    lan.host()
    chip.connect(0, 5000, HOST_IP, PORT)
    chip.until(0, Status.Closed)
    assert.equal(chip.interrupts(0) & ~Interrupt.Discon, 0)
})

test("CONNECT to an address nobody has ends after ARP_TO", () => {
    const lan = new Lan()
    const chip = lan.chip()
    const start = lan.world.now
    chip.connect(0, 5000, HOST_IP, PORT)
    chip.until(0, Status.Closed, 10e6)
    assert.equal(chip.interrupts(0), Interrupt.Timeout)
    const seconds = (lan.world.now - start) / 1e6
    assert.ok(Math.abs(seconds - 1.8) < 0.01, `${seconds} s, not 1.8`)
})

test("each CONNECT asks for the address: the peer's MAC may have changed", () => {
    const lan = new Lan()
    const chip = lan.chip()
    const peer = lan.chip(HOST_IP, "02545700000b")
    for (const mac of ["02545700000b", "02545700000c"]) {
        peer.setAddress(HOST_IP, mac)
        peer.listen(0, PORT)
        chip.connect(0, 5000, HOST_IP, PORT)
        chip.until(0, Status.Established)
        peer.command(0, Command.Close)
    }
})

test("a peer that falls silent is given up after TCP_TO: 31.8 s", () => {
    const { lan, chip } = connected()
    lan.setFault(() => undefined)
    const start = lan.world.now
    chip.send(0, stream(10))
    chip.until(0, Status.Closed, 100e6)
    assert.equal(chip.interrupts(0), Interrupt.Timeout)
    const seconds = (lan.world.now - start) / 1e6
    assert.ok(Math.abs(seconds - 31.8) < 0.01, `${seconds} s, not 31.8`)
})

/// SEND ///

test("SEND moves Sn_TX_RD to Sn_TX_WR; room comes back with the ACK", () => {
    const { lan, chip, peer } = connected()
    const start = chip.get16(0, Sn.TX_WR)
    assert.equal(chip.get16(0, Sn.TX_RD), start)
    chip.fill(0, stream(100))
    assert.equal(chip.size(0, Sn.TX_FSR), 2048 - 100)
    assert.equal(chip.get16(0, Sn.TX_RD), start)
    lan.run(1000)
    assert.equal(peer.received.length, 0, "nothing is sent without SEND")
    lan.setFault(p => (p.kind === "tcp" && !p.data.length ? undefined : p))
    chip.command(0, Command.Send)
    assert.equal(chip.get16(0, Sn.TX_RD), (start + 100) & 0xffff)
    lan.run(1000)
    assert.deepEqual(peer.received, stream(100))
    assert.equal(chip.size(0, Sn.TX_FSR), 2048 - 100, "not acknowledged yet")
    assert.equal(chip.interrupts(0), 0)
    lan.setFault(p => p)
    lan.run(1e6)
    assert.equal(chip.size(0, Sn.TX_FSR), 2048)
    assert.equal(chip.interrupts(0), Interrupt.SendOk)
})

test("bytes written over unacknowledged ones are what the peer gets", () => {
    const { lan, chip, peer } = connected()
    lan.setFault(() => undefined)
    const start = chip.get16(0, Sn.TX_WR)
    chip.send(0, stream(2048))
    // three bytes too many, as if the buffer had room
    chip.write(block(0, BlockKind.Tx), start + 2046, 8, 9, 1, 2, 3)
    lan.setFault(p => p)
    lan.run(5e6)
    assert.equal(peer.received.length, 2048)
    assert.deepEqual([...peer.received.subarray(0, 3)], [1, 2, 3])
    const rest = peer.received.subarray(3, 2046)
    assert.ok(rest.equals(stream(2048).subarray(3, 2046)))
    assert.deepEqual([...peer.received.subarray(2046)], [8, 9])
})

test("the peer's window holds back what its user has no room for", () => {
    const lan = new Lan()
    const chip = lan.chip()
    chip.listen(0, PORT)
    const peer = connect(lan.host(), { ip: CHIP_IP, port: PORT }, 500)
    chip.until(0, Status.Established)
    chip.send(0, stream(1000))
    lan.run(1000)
    assert.equal(peer.received.length, 500)
    assert.equal(chip.size(0, Sn.TX_FSR), 2048 - 500)
    peer.room = 65535
    peer.connection.windowOpened()
    lan.run(1000)
    assert.deepEqual(peer.received, stream(1000))
})

/// RECV ///

test("RECV gives room back; until then the bytes stay", () => {
    const { lan, chip, peer } = connected()
    peer.connection.write(stream(300))
    lan.run(1000)
    assert.equal(chip.interrupts(0), Interrupt.Recv)
    assert.equal(chip.size(0, Sn.RX_RSR), 300)
    const start = chip.get16(0, Sn.RX_RD)
    assert.equal(chip.get16(0, Sn.RX_WR), (start + 300) & 0xffff)
    chip.set16(0, Sn.RX_RD, start + 100)
    assert.equal(chip.size(0, Sn.RX_RSR), 300, "RECV is not ordered yet")
    chip.command(0, Command.Recv)
    assert.equal(chip.size(0, Sn.RX_RSR), 200)
    assert.deepEqual(chip.receive(0), stream(200, 100))
    assert.equal(chip.size(0, Sn.RX_RSR), 0)
})

test("RECV raises no interrupt for bytes that it leaves", () => {
    const { lan, chip, peer } = connected()
    peer.connection.write(stream(300))
    lan.run(1000)
    chip.set(0, Sn.IR, 0xff)
    chip.receive(0, 100)
    assert.equal(chip.interrupts(0), 0)
})

test("a full buffer closes the window, and RECV opens it", () => {
    const { lan, chip, peer } = connected()
    peer.connection.write(stream(5000))
    lan.run(50_000)
    assert.equal(chip.size(0, Sn.RX_RSR), 2048)
    const got = [chip.receive(0)]
    while (got.reduce((sum, b) => sum + b.length, 0) < 5000) {
        lan.run(1000)
        const size = chip.size(0, Sn.RX_RSR)
        assert.ok(size > 0, "the window opens at once")
        got.push(chip.receive(0))
    }
    assert.deepEqual(Buffer.concat(got), stream(5000))
})

for (const seed of [1, 2, 3])
    test(`a stream of 200 KB survives pointers that wrap, seed ${seed}`, () => {
        const { lan, chip, peer } = connected(seed, 4)
        const random = new Random(seed)
        const total = 200_000
        const up = stream(total)
        const down = stream(total, 77)
        peer.connection.write(up)
        let sent = 0
        const got: Buffer[] = []
        let received = 0
        while (received < total || peer.received.length < total) {
            const size = chip.size(0, Sn.RX_RSR)
            const n = random.int(0, Math.min(size, 1000))
            if (n) got.push(chip.receive(0, n))
            received += n
            const free = chip.size(0, Sn.TX_FSR)
            const m = random.int(0, Math.min(free, 1500, total - sent))
            if (m) chip.send(0, down.subarray(sent, sent + m))
            sent += m
            lan.run(100)
            assert.ok(lan.world.now < 60e6, "it goes on")
        }
        assert.ok(Buffer.concat(got).equals(up), "from the host")
        assert.ok(peer.received.equals(down), "to the host")
    })

test("16-bit sizes are torn now and then, and are never too large", () => {
    let torn = 0
    const { lan, chip, peer } = connected(5, 8)
    peer.connection.write(stream(100_000))
    for (let k = 0; k < 400; k++) {
        lan.run(30)
        const burst = chip.read(block(0, BlockKind.Socket), Sn.TX_FSR, 12)
        const [size, again] = [
            (burst[6] << 8) | burst[7],
            chip.size(0, Sn.RX_RSR),
        ]
        assert.ok(size <= again, `${size} read, ${again} there`)
        if (size < again) torn++
        if (again > 4000) chip.receive(0)
    }
    assert.ok(torn > 0, "a driver that never saw a torn read is not tested")
})

/// Ends ///

test("DISCON sends FIN after the data, and waits for the peer's", () => {
    const { lan, chip, peer } = connected()
    chip.send(0, stream(500))
    chip.command(0, Command.Discon)
    assert.equal(chip.status(0), Status.FinWait)
    lan.run(1000)
    assert.deepEqual(peer.received, stream(500))
    assert.equal(peer.last, "finished")
    assert.equal(chip.status(0), Status.FinWait)
    chip.set(0, Sn.IR, 0xff)
    peer.connection.finish()
    chip.until(0, Status.Closed)
    assert.equal(chip.interrupts(0), Interrupt.Discon)
    lan.run(1000)
    assert.equal(peer.last, "closed")
})

test("a FIN from the peer: CLOSE_WAIT, where sending goes on, then DISCON", () => {
    const { lan, chip, peer } = connected()
    peer.connection.write(stream(20))
    peer.connection.finish()
    chip.until(0, Status.CloseWait)
    assert.equal(
        chip.interrupts(0) & (Interrupt.Discon | Interrupt.Recv),
        Interrupt.Discon | Interrupt.Recv,
    )
    assert.deepEqual(chip.receive(0), stream(20), "what came before is there")
    chip.send(0, stream(30))
    lan.run(1000)
    assert.deepEqual(peer.received, stream(30))
    chip.set(0, Sn.IR, 0xff)
    chip.command(0, Command.Discon)
    assert.equal(chip.status(0), Status.LastAck)
    chip.until(0, Status.Closed)
    assert.equal(chip.interrupts(0), 0, "no FIN came, so no DISCON")
    assert.equal(peer.last, "closed")
})

test("DISCON without an answer ends with TIMEOUT", () => {
    const { lan, chip } = connected()
    lan.setFault(() => undefined)
    chip.command(0, Command.Discon)
    chip.until(0, Status.Closed, 100e6)
    assert.equal(chip.interrupts(0), Interrupt.Timeout)
})

test("CLOSE says nothing; the peer learns it from RST to its next byte", () => {
    const { lan, chip, peer } = connected()
    const before = lan.sent.length
    chip.command(0, Command.Close)
    lan.run(10e6)
    assert.equal(chip.status(0), Status.Closed)
    assert.equal(lan.sent.length, before)
    assert.deepEqual(peer.calls, ["established"])
    peer.connection.write(stream(1))
    lan.run(1000)
    assert.equal(peer.last, "reset")
})

test("a RST closes the socket; DISCON tells it sometimes, not always", () => {
    const told = new Set<number>()
    for (let seed = 1; seed <= 10; seed++) {
        const { lan, chip, peer } = connected(seed)
        peer.connection.abort()
        lan.run(1000)
        assert.equal(chip.status(0), Status.Closed)
        told.add(chip.interrupts(0))
    }
    assert.deepEqual(told, new Set([0, Interrupt.Discon]))
})

/// SIPR ///

test("SIPR counts at once, on open sockets too", () => {
    const { lan, chip, peer } = connected()
    const other = CHIP_IP + 1
    chip.setAddress(other, "02545700000a")
    peer.connection.write(stream(5))
    lan.run(1000)
    assert.equal(chip.size(0, Sn.RX_RSR), 0, "the old address is not its own")
    chip.send(0, stream(5))
    lan.run(1000)
    const last = lan.tcp({}).findLast(p => p.data.length === 5)!
    assert.equal(last.src.ip, other)
})

test("a chip with another chip's address gets its peers' segments: RST", () => {
    const { lan, chip, peer } = connected()
    chip.chip.powered(false)
    peer.connection.write(stream(5))
    lan.run(300_000)
    assert.deepEqual(peer.calls, ["established"], "no power, no answer")
    const heir: W5500Master = lan.chip()
    heir.listen(0, PORT)
    lan.run(1e6)
    assert.deepEqual(peer.calls, ["established", "reset"])
    const again: Peer = connect(lan.host(), { ip: CHIP_IP, port: PORT })
    heir.until(0, Status.Established)
    lan.run(1000)
    assert.deepEqual(again.calls, ["established"])
})
