/** The simulated network: segments, carrier, latency, ARP, silence. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BROADCAST,
    CARRIER_LOSS_US,
    ipFrom,
    ipText,
    Segment,
    type Packet,
    type Station,
    type UdpPacket,
} from "../../devs/bench/net/ethernet.ts"
import { World } from "../../devs/sim/world.ts"
import {
    CHIP_IP,
    connect,
    HOST_IP,
    Lan,
    Server,
    stream,
} from "./support/lan.ts"

class Listener implements Station {
    up = true
    readonly got: { at: number; packet: Packet }[] = []
    carrierChanges = 0

    constructor(
        private readonly world: World,
        readonly mac: string,
        readonly ip = 0,
    ) {}

    receive(packet: Packet) {
        this.got.push({ at: this.world.now, packet })
    }

    carrierChanged() {
        this.carrierChanges++
    }
}

function datagram(size: number): UdpPacket {
    const end = { ip: 0, port: 0 }
    return { kind: "udp", src: end, dst: end, data: stream(size) }
}

function segment(pointToPoint = false, stations = 3) {
    const world = new World()
    const wire = new Segment(world, {
        latencyUs: 30,
        bitsPerSecond: 100e6,
        pointToPoint,
    })
    const all = Array.from({ length: stations }, (_, n) => {
        const s = new Listener(world, `0${n}`.repeat(6))
        wire.attach(s)
        return s
    })
    return { world, wire, all }
}

test("addresses are read and written as people write them", () => {
    assert.equal(ipFrom("255.0.0.11"), 0xff00000b)
    assert.equal(ipText(0xff00000b), "255.0.0.11")
    for (const bad of ["1.2.3", "1.2.3.256", "1.2.3.x", "1.2.3.4.5", ""])
        assert.throws(() => ipFrom(bad), /is no IPv4 address/)
})

test("a packet goes to one station, a broadcast to all others", () => {
    const { world, wire, all } = segment()
    const [a, b, c] = all
    wire.send(a, b.mac, datagram(1))
    wire.send(a, BROADCAST, datagram(2))
    world.runUntil(1e6)
    assert.deepEqual(
        all.map(s => s.got.length),
        [0, 2, 1],
    )
    assert.equal((c.got[0].packet as UdpPacket).data.length, 2)
})

test("packets take their bits' time one after the other, then the latency", () => {
    const { world, wire, all } = segment()
    const [a, b] = all
    wire.send(a, b.mac, datagram(1460))
    wire.send(a, b.mac, datagram(1460))
    world.runUntil(1e6)
    // 1460 B of data are 1542 on the wire: 123 µs at 100 Mbit/s
    const times = b.got.map(g => Math.round(g.at))
    assert.deepEqual(times, [153, 277])
})

test("a station that is not up, or cut off, hears and says nothing", () => {
    for (const silence of [
        (_wire: Segment, s: Listener) => void (s.up = false),
        (wire: Segment, s: Listener) => wire.cut(s, true),
    ]) {
        const { world, wire, all } = segment()
        const [a, b, c] = all
        silence(wire, b)
        wire.send(a, BROADCAST, datagram(1))
        wire.send(b, BROADCAST, datagram(1))
        world.runUntil(1e6)
        assert.deepEqual(
            [a, b, c].map(s => s.got.length),
            [0, 0, 1],
        )
    }
})

test("what a station has not yet sent is lost with its power or its cable", () => {
    for (const end of [
        (wire: Segment, s: Listener) => {
            s.up = false
            wire.carrierChanged()
        },
        (wire: Segment, s: Listener) => wire.cut(s, true),
    ]) {
        const { world, wire, all } = segment()
        const [a, b] = all
        for (let k = 0; k < 10; k++) wire.send(a, b.mac, datagram(1460))
        // two are out, and the third is on the wire
        world.runUntil(2.5 * 123.36)
        end(wire, a)
        a.up = true
        wire.cut(a, false)
        wire.send(a, b.mac, datagram(1))
        world.runUntil(1e6)
        const sizes = b.got.map(g => (g.packet as UdpPacket).data.length)
        assert.deepEqual(sizes, [1460, 1460, 1])
    }
})

/// Faults ///

/** How many packets each station has heard since it was last asked. */
function heard(all: Listener[]) {
    return all.map(s => s.got.splice(0).length)
}

/** Each station says something to all others. */
function allSpeak({ world, wire, all }: ReturnType<typeof segment>) {
    for (const s of all) wire.send(s, BROADCAST, datagram(1))
    world.runUntil(world.now + 1e6)
    return heard(all)
}

test("a cable that is dead one way takes the carrier of who hears nothing", () => {
    const lan = segment(true, 2)
    const { wire, all, world } = lan
    const [a] = all
    const carriers = () => {
        world.runUntil(world.now + CARRIER_LOSS_US)
        return all.map(s => wire.carrier(s))
    }
    wire.oneWay(a, "in")
    assert.deepEqual(carriers(), [false, true])
    assert.deepEqual(allSpeak(lan), [0, 1])
    wire.oneWay(a, "out")
    assert.deepEqual(carriers(), [true, false])
    assert.deepEqual(allSpeak(lan), [1, 0])
    wire.oneWay(a)
    assert.deepEqual(carriers(), [true, true])
    assert.deepEqual(allSpeak(lan), [1, 1])
})

test("at a switch, nobody else learns of a cable that is dead one way", () => {
    const lan = segment()
    const { wire, all } = lan
    const carriers = () => all.map(s => wire.carrier(s))
    wire.oneWay(all[0], "out")
    assert.deepEqual(carriers(), [true, true, true])
    assert.deepEqual(allSpeak(lan), [2, 1, 1])
    wire.oneWay(all[0], "in")
    assert.deepEqual(carriers(), [false, true, true])
    assert.deepEqual(allSpeak(lan), [0, 2, 2])
})

test("a split LAN is several, with carrier everywhere, until it heals", () => {
    const lan = segment(false, 5)
    const { wire, all } = lan
    const [a, b, c] = all
    wire.split([[a, b], [c]])
    assert.deepEqual(allSpeak(lan), [1, 1, 0, 1, 1], "the rest is a group")
    assert.ok(all.every(s => wire.carrier(s)))
    wire.split()
    assert.deepEqual(allSpeak(lan), [4, 4, 4, 4, 4])
})

test("delayed packets keep their order, and others' are not delayed", () => {
    const { world, wire, all } = segment()
    const [a, b, c] = all
    wire.delay = (p, from) =>
        from === a && (p as UdpPacket).data.length === 1 ? 5000 : 0
    wire.send(a, b.mac, datagram(1))
    wire.send(a, b.mac, datagram(2))
    wire.send(c, b.mac, datagram(3))
    wire.delay = undefined
    wire.send(a, b.mac, datagram(4))
    world.runUntil(1e6)
    const got = b.got.map(g => [
        (g.packet as UdpPacket).data.length,
        Math.floor(g.at / 1000),
    ])
    assert.deepEqual(got, [
        [3, 0],
        [1, 5],
        [2, 5],
        [4, 5],
    ])
})

test("a slow segment takes so many times longer for its bits", () => {
    const { world, wire, all } = segment()
    const [a, b] = all
    wire.slowDown(10)
    wire.send(a, b.mac, datagram(1460))
    world.runUntil(1e6)
    wire.slowDown(1)
    wire.send(a, b.mac, datagram(1460))
    world.runUntil(2e6)
    const times = b.got.map(g => Math.round(g.at) % 1e6)
    assert.deepEqual(times, [1264, 153])
})

/// Carrier, addresses and connections ///

test("a LAN has carrier wherever the own cable is whole", () => {
    const { wire, all } = segment()
    const [a, b] = all
    b.up = false
    assert.equal(wire.carrier(a), true)
    assert.equal(wire.carrier(b), false)
    wire.cut(a, true)
    assert.equal(wire.carrier(a), false)
    assert.equal(a.carrierChanges > 0, true)
})

test("a crossover cable has carrier only when both ends are up", () => {
    const { world, wire, all } = segment(true, 2)
    const [a, b] = all
    const setUp = (station: Listener, up: boolean) => {
        station.up = up
        wire.carrierChanged()
    }
    const carrierOfA = () => {
        world.runUntil(world.now + 2000)
        return wire.carrier(a)
    }
    wire.carrierChanged()
    assert.equal(carrierOfA(), true)
    setUp(b, false)
    assert.equal(carrierOfA(), false)
    setUp(b, true)
    assert.equal(carrierOfA(), true)
    setUp(a, false)
    assert.equal(wire.carrier(a), false, "a chip without power sees nothing")
    setUp(a, true)
    wire.cut(b, true)
    assert.equal(carrierOfA(), false, "whoever's end is cut")
})

test("a crossover cable's end notices its loss after 2 ms, its return at once", () => {
    const { world, wire, all } = segment(true, 2)
    const [a, b] = all
    const cut = (cut: boolean) => wire.cut(b, cut)
    wire.carrierChanged()
    cut(true)
    world.runUntil(1999)
    assert.equal(wire.carrier(a), true)
    const before = a.carrierChanges
    world.runUntil(2000)
    assert.equal(wire.carrier(a), false)
    assert.equal(a.carrierChanges, before + 1)
    cut(false)
    assert.equal(wire.carrier(a), true)
    // cut and mended while the PHY had not noticed
    cut(true)
    world.runUntil(3000)
    cut(false)
    world.runUntil(9000)
    assert.equal(wire.carrier(a), true)
})

test("a fault may lose or change any packet, and sees who sends it", () => {
    const { world, wire, all } = segment()
    const [a, b] = all
    let n = 0
    wire.fault = (p, from) => {
        assert.equal(from, a)
        return n++ === 0 ? undefined : { ...p, ...{ data: stream(7) } }
    }
    wire.send(a, b.mac, datagram(1))
    wire.send(a, b.mac, datagram(2))
    world.runUntil(1e6)
    assert.equal(b.got.length, 1)
    assert.equal((b.got[0].packet as UdpPacket).data.length, 7)
})

/// ARP ///

test("a host asks once for an address, however much waits for it", () => {
    const lan = new Lan()
    const server = new Server()
    const host = lan.host()
    lan.host(server)
    for (let k = 0; k < 5; k++)
        host.sendUdp(1, { ip: HOST_IP + 1, port: 2 }, stream(k))
    lan.run(10_000)
    assert.equal(server.datagrams.length, 5)
    assert.equal(lan.sent.filter(s => s.packet.kind === "arp").length, 2)
})

test("a host asks again every second while nobody answers", () => {
    const lan = new Lan()
    connect(lan.host(), { ip: CHIP_IP, port: 3260 })
    lan.run(3_500_000)
    const arps = lan.sent.filter(s => s.packet.kind === "arp")
    assert.deepEqual(
        arps.map(s => s.at),
        [0, 1e6, 2e6, 3e6],
    )
})

test("a host believes an announcement of an address it knows", () => {
    const lan = new Lan()
    const host = lan.host()
    const old = lan.chip()
    connect(host, { ip: CHIP_IP, port: 3260 })
    lan.run(1000)
    old.chip.powered(false)
    const heir = lan.chip(CHIP_IP, "02545700000b")
    heir.open(0, 2, 1)
    heir.setRemote(0, CHIP_IP, 9)
    heir.send(0, stream(1))
    lan.run(1000)
    heir.listen(1, 3260)
    const peer = connect(host, { ip: CHIP_IP, port: 3260 })
    lan.run(1000)
    assert.deepEqual(peer.calls, ["established"])
})
