/** The simulated hosts' TCP: RFC 9293, and RFC 5961 against blind resets. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Packet, TcpPacket } from "../../devs/bench/net/ethernet.ts"
import { TcpConnection, type TcpState } from "../../devs/bench/net/tcp.ts"
import { Random } from "../../devs/sim/random.ts"
import { World } from "../../devs/sim/world.ts"
import { connect, HOST_IP, Lan, Peer, Server, stream } from "./support/lan.ts"

const PORT = 3260
const SERVER_IP = HOST_IP + 1
const RTO_US = 200_000

/** A client and a server, connected. */
function connected(seed = 1) {
    const lan = new Lan(seed)
    const client = lan.host()
    const server = new Server(PORT)
    const serverHost = lan.host(server)
    const peer = connect(client, { ip: SERVER_IP, port: PORT })
    lan.run(1000)
    assert.deepEqual(peer.calls, ["established"])
    const other = server.peers[0]
    lan.sent.length = 0
    /** sends a segment as if it came from the server */
    const forge = (what: Partial<TcpPacket>) => {
        const { local, remote } = peer.connection
        lan.segment.send(serverHost, client.mac, {
            ...BLANK,
            src: remote,
            dst: local,
            ...what,
        })
        lan.run(1000)
    }
    return { lan, client, peer, other, forge }
}

const BLANK: TcpPacket = {
    kind: "tcp",
    src: { ip: 0, port: 0 },
    dst: { ip: 0, port: 0 },
    seq: 0,
    ack: 0,
    syn: false,
    fin: false,
    rst: false,
    acks: true,
    window: 1000,
    data: new Uint8Array(0),
}

const isTcp = (p: Packet): p is TcpPacket => p.kind === "tcp"

/// Beginning ///

test("a handshake takes three packets, each with the other's number plus one", () => {
    const lan = new Lan()
    lan.host(new Server())
    connect(lan.host(), { ip: HOST_IP, port: PORT })
    lan.run(1000)
    const [syn, synAck, ack] = lan.tcp({})
    assert.deepEqual(
        [syn, synAck, ack].map(p => [p.syn, p.acks, p.data.length]),
        [
            [true, false, 0],
            [true, true, 0],
            [false, true, 0],
        ],
    )
    assert.equal(synAck.ack, (syn.seq + 1) >>> 0)
    assert.equal(ack.seq, synAck.ack)
    assert.equal(ack.ack, (synAck.seq + 1) >>> 0)
})

for (const lost of [1, 2, 3])
    test(`a handshake survives the loss of its packet ${lost}`, () => {
        const lan = new Lan()
        const server = new Server()
        lan.host(server)
        let n = 0
        lan.setFault(p => (isTcp(p) && ++n === lost ? undefined : p))
        const peer = connect(lan.host(), { ip: HOST_IP, port: PORT })
        lan.run(4e6)
        peer.connection.write(stream(10))
        lan.run(1e6)
        assert.deepEqual(peer.calls, ["established"])
        assert.deepEqual(server.peers[0].calls, ["established"])
        assert.deepEqual(server.peers[0].received, stream(10))
    })

test("a SYN nobody answers is repeated after 1, 3, 7 ... s, then given up", () => {
    const lan = new Lan()
    lan.host(new Server())
    lan.setFault(p => (isTcp(p) ? undefined : p))
    const peer = connect(lan.host(), { ip: HOST_IP, port: PORT })
    lan.run(200e6)
    const times = lan.sent
        .filter(s => isTcp(s.packet))
        .map(s => Math.round(s.at / 1e6))
    assert.deepEqual(times, [0, 1, 3, 7, 15, 31, 63])
    assert.deepEqual(peer.calls, ["timedOut"])
})

test("a stranger's segment gets RST, a stranger's RST gets nothing", () => {
    const { lan, client, forge } = connected()
    const dst = { ip: client.ip, port: 9 }
    forge({ dst, seq: 5, ack: 77 })
    const [answer] = lan.tcp({ rst: true })
    assert.deepEqual([answer.seq, answer.acks], [77, false])
    lan.sent.length = 0
    forge({ dst, seq: 5, acks: false, fin: true, data: stream(3) })
    const [other] = lan.tcp({ rst: true, acks: true })
    assert.deepEqual([other.seq, other.ack], [0, 9])
    lan.sent.length = 0
    forge({ dst, rst: true })
    assert.equal(lan.tcp({ src: dst }).length, 0)
    assert.equal(lan.sent.length, 1)
})

/// Data ///

test("data come in segments of at most 1460 B, and are acknowledged", () => {
    const { lan, peer, other } = connected()
    peer.connection.write(stream(4000))
    lan.run(2000)
    assert.deepEqual(other.received, stream(4000))
    assert.equal(peer.acknowledgedBytes, 4000)
    assert.equal(peer.connection.unacknowledged, 0)
    const sizes = lan.tcp({}).map(p => p.data.length)
    assert.deepEqual(
        sizes.filter(n => n > 0),
        [1460, 1460, 1080],
    )
})

for (const percent of [1, 10, 30])
    for (const seed of [1, 2, 3])
        test(`two streams survive ${percent} % loss, seed ${seed}`, () => {
            const { lan, peer, other } = connected(seed)
            const random = new Random(seed)
            lan.setFault(p => (random.chance(percent / 100) ? undefined : p))
            const size = 60_000
            peer.connection.write(stream(size))
            other.connection.write(stream(size, 99))
            peer.connection.finish()
            other.connection.finish()
            lan.run(600e6)
            assert.ok(other.received.equals(stream(size)))
            assert.ok(peer.received.equals(stream(size, 99)))
            for (const p of [peer, other]) {
                assert.ok(p.calls.includes("finished") || p.last === "closed")
                assert.equal(p.connection.state, "closed")
            }
        })

test("a segment that comes twice is taken once", () => {
    const { lan, peer, other } = connected()
    lan.setFault(p => {
        if (isTcp(p) && p.data.length)
            lan.world.after(300, () => {
                const { local, remote } = other.connection
                assert.deepEqual([p.src, p.dst], [remote, local])
                other.connection.receive(p)
            })
        return p
    })
    peer.connection.write(stream(5000))
    lan.run(1e6)
    assert.deepEqual(other.received, stream(5000))
})

test("bytes that are lost are sent again after 200, 600, 1400 ms", () => {
    const { lan, peer } = connected()
    lan.setFault(() => undefined)
    const start = lan.world.now
    peer.connection.write(stream(10))
    lan.run(2e6)
    assert.deepEqual(
        lan.sent.map(s => s.at - start),
        [0, RTO_US, 3 * RTO_US, 7 * RTO_US],
    )
    lan.run(100e6)
    assert.equal(peer.last, "timedOut")
})

test("a shut window is probed with a byte, for as long as it stays shut", () => {
    const lan = new Lan()
    const server = new Server()
    const client = lan.host(server)
    const peer = connect(lan.host(server), { ip: client.ip, port: PORT })
    lan.run(1000)
    const [other] = server.peers
    other.room = 0
    // an ACK that says so
    other.connection.probe()
    lan.run(1000)
    lan.sent.length = 0
    peer.connection.write(stream(3000))
    lan.run(60e6)
    assert.equal(other.received.length, 0)
    assert.ok(lan.tcp({}).every(p => p.data.length <= 1))
    assert.ok(lan.tcp({}).filter(p => p.data.length === 1).length > 10)
    const probe = lan.tcp({}).find(p => p.data.length === 1)
    other.room = Infinity
    lan.sent.length = 0
    other.connection.windowOpened()
    lan.run(1000)
    assert.deepEqual(other.received, stream(3000))
    const [first] = lan.tcp({}).filter(p => p.data.length > 0)
    assert.equal(first.seq, probe?.seq, "what was not taken comes again")
})

test("sequence numbers wrap at 2^32", () => {
    const world = new World()
    const ends: { user: Peer; tcp: TcpConnection }[] = []
    const options = {
        retryUs: RTO_US,
        synRetryUs: RTO_US,
        maxRetryUs: RTO_US,
        retries: 5,
    }
    for (const n of [0, 1]) {
        const user = new Peer()
        const end = (k: number) => ({ ip: k, port: k })
        const tcp = new TcpConnection(
            world,
            end(n),
            end(1 - n),
            user,
            p =>
                world.after(10, () => {
                    const to = ends[1 - n].tcp
                    if (p.syn && !p.acks) to.accept(p)
                    else to.receive(p)
                }),
            () => {},
            options,
            0xffffff00 + n,
        )
        ends.push({ user, tcp })
    }
    ends[0].tcp.connect()
    world.runUntil(1000)
    for (const { tcp } of ends) tcp.write(stream(10_000))
    world.runUntil(1e6)
    for (const { user } of ends) assert.deepEqual(user.received, stream(10_000))
})

/// Ends ///

test("both sides finish, one after the other", () => {
    const { lan, peer, other } = connected()
    peer.connection.write(stream(100))
    peer.connection.finish()
    lan.run(1000)
    assert.deepEqual(other.received, stream(100), "what came before the FIN")
    assert.equal(other.last, "finished")
    other.connection.write(stream(50))
    other.connection.finish()
    lan.run(1000)
    assert.deepEqual(peer.received, stream(50))
    assert.deepEqual([peer.last, other.last], ["closed", "closed"])
})

test("both sides finish in the same moment", () => {
    const { lan, peer, other } = connected()
    peer.connection.finish()
    other.connection.finish()
    lan.run(3e6)
    for (const p of [peer, other]) {
        assert.ok(["closed", "reset"].includes(p.last!))
        assert.equal(p.connection.state satisfies TcpState, "closed")
    }
})

test("a FIN that is lost is sent again", () => {
    const { lan, peer, other } = connected()
    let lost = false
    lan.setFault(p => {
        if (!isTcp(p) || !p.fin || lost) return p
        lost = true
        return undefined
    })
    peer.connection.finish()
    lan.run(1e6)
    assert.equal(lost, true)
    assert.equal(other.last, "finished")
})

test("after finish() nothing more is sent", () => {
    const { lan, peer, other } = connected()
    peer.connection.finish()
    peer.connection.write(stream(10))
    lan.run(1e6)
    assert.equal(other.received.length, 0)
})

test("abort() resets the peer, forget() tells it nothing", () => {
    for (const [end, last] of [
        ["abort", "reset"],
        ["forget", "established"],
    ] as const) {
        const { lan, peer, other } = connected()
        peer.connection[end]()
        lan.run(1e6)
        assert.equal(other.last, last)
    }
})

/// RFC 5961 ///

test("a SYN in a connection gets a challenge ACK, and no more", () => {
    const { lan, peer, other, forge } = connected()
    forge({ syn: true, acks: false, seq: 12345 })
    const [challenge] = lan.tcp({ src: peer.connection.local })
    assert.deepEqual([challenge.acks, challenge.rst], [true, false])
    assert.equal(peer.last, "established")
    other.connection.write(stream(10))
    lan.run(1000)
    assert.deepEqual(peer.received, stream(10))
})

test("a RST counts only with the very next number; in the window it is challenged", () => {
    const { lan, peer, other, forge } = connected()
    peer.connection.probe()
    lan.run(1000)
    const next = lan.tcp({ src: peer.connection.local })[0].ack
    for (const [seq, challenged] of [
        [next + 100, true],
        [next - 1, false],
        [next + 70_000, false],
    ] as const) {
        lan.sent.length = 0
        forge({ rst: true, seq: seq >>> 0 })
        assert.equal(peer.last, "established")
        const answers = lan.tcp({ src: peer.connection.local })
        assert.equal(answers.length, challenged ? 1 : 0, `${seq - next}`)
    }
    forge({ rst: true, seq: next })
    assert.equal(peer.last, "reset")
    other.connection.write(stream(1))
    lan.run(1000)
    assert.equal(other.last, "reset")
})

test("an ACK of what was never sent is answered and not believed", () => {
    const { lan, peer, forge } = connected()
    peer.connection.probe()
    lan.run(1000)
    const { seq, ack } = lan.tcp({ src: peer.connection.local })[0]
    lan.sent.length = 0
    forge({ seq: ack, ack: (seq + 5000) >>> 0, data: stream(9) })
    assert.equal(peer.received.length, 0)
    assert.equal(lan.tcp({ src: peer.connection.local }).length, 1)
})

test("half-open: the side that forgot resets the other by its old ACK", () => {
    const { lan, client, peer, other } = connected()
    // the client's machine starts anew, and takes the same port again
    const { local, remote } = peer.connection
    peer.connection.forget()
    const again = new Peer()
    again.connection = client.connectFrom(local.port, remote, again)
    lan.run(1000)
    const [syn, challenge, rst] = lan.tcp({})
    assert.deepEqual(
        [syn.syn, challenge.acks, challenge.syn],
        [true, true, false],
    )
    assert.deepEqual([rst.rst, rst.seq], [true, challenge.ack])
    assert.equal(other.last, "reset", "RFC 9293, figure 9")
    lan.run(2e6)
    assert.equal(again.last, "established", "by the repeated SYN")
})
