/** Real connections through the gateway to stations on the simulated LAN. */
import assert from "node:assert/strict"
import { once } from "node:events"
import net from "node:net"
import { after, test } from "node:test"
import { ipFrom, Segment } from "../../devs/bench/net/ethernet.ts"
import { Gateway } from "../../devs/bench/net/gateway.ts"
import { Host } from "../../devs/bench/net/host.ts"
import { LiveClock } from "../../devs/sim/live.ts"
import { Random } from "../../devs/sim/random.ts"
import { World } from "../../devs/sim/world.ts"
import { Server, stream } from "./support/lan.ts"

const ADDRESS = "127.0.0.81"

/** A port that is free on the address. */
async function freePort() {
    const server = net.createServer().listen(0, ADDRESS)
    await once(server, "listening")
    const { port } = server.address() as net.AddressInfo
    await new Promise(done => server.close(done))
    return port
}

/** A gateway on the live clock; stations come when `own` is called. */
async function bench() {
    const world = new World()
    const segment = new Segment(world, {
        latencyUs: 0,
        bitsPerSecond: Infinity,
        pointToPoint: false,
    })
    const failures: unknown[] = []
    const clock = new LiveClock(world, e => failures.push(e))
    const gateway = new Gateway(world, segment, new Random(1), () =>
        clock.kick(),
    )
    const port = await freePort()
    await gateway.listen(ADDRESS, port)
    after(async () => {
        await gateway.close()
        clock.stop()
        assert.deepEqual(failures, [])
    })
    const own = (mac: string) => {
        const server = new Server(port)
        const ip = ipFrom(ADDRESS)
        const host = new Host(world, segment, ip, mac, new Random(2), server)
        return { server, host }
    }
    return { world, segment, clock, port, own }
}

async function dial(port: number) {
    const socket = net.connect({ host: ADDRESS, port, noDelay: true })
    await once(socket, "connect")
    return socket
}

/** Reads until so many bytes are there. */
async function take(socket: net.Socket, count: number): Promise<Buffer> {
    let got = Buffer.alloc(0)
    while (got.length < count) {
        const [data] = await once(socket, "data")
        got = Buffer.concat([got, data as Buffer])
    }
    return got
}

test("a megabyte goes each way, and ends pass through", async () => {
    const { own, port, clock } = await bench()
    const { server } = own("02000000000a")
    const size = 1 << 20
    const socket = await dial(port)
    socket.write(stream(size))
    const down = take(socket, size)
    while (!server.peers.length) await new Promise(setImmediate)
    const [peer] = server.peers
    peer.connection.write(stream(size, 3))
    clock.kick()
    assert.ok((await down).equals(stream(size, 3)))
    while (peer.received.length < size) await new Promise(setImmediate)
    assert.ok(peer.received.equals(stream(size)))
    socket.end()
    while (peer.last !== "finished") await new Promise(setImmediate)
    peer.connection.finish()
    clock.kick()
    await once(socket, "close")
})

test("a refused connection is reset", async () => {
    const { own, port } = await bench()
    const { server } = own("02000000000a")
    server.accept = () => undefined
    const socket = await dial(port)
    const [error] = await once(socket, "error")
    assert.equal((error as NodeJS.ErrnoException).code, "ECONNRESET")
})

test("nobody with the address: silence; and RST when another takes it", async () => {
    const { world, segment, own, port, clock } = await bench()
    const { server, host } = own("02000000000a")
    const socket = await dial(port)
    socket.write(stream(10))
    while (!server.peers[0]?.received.length) await new Promise(setImmediate)
    segment.cut(host, true)
    let heard = ""
    socket.on("error", e => (heard = e.message))
    const closed = new Promise(done => socket.once("close", done))
    socket.write(stream(10))
    await new Promise<void>(done => void world.after(100_000, done))
    assert.equal(heard, "")
    const heir = own("02000000000b")
    // to its own address, for that is how it announces itself
    heir.host.sendUdp(9, { ip: heir.host.ip, port: 9 }, stream(1))
    clock.kick()
    await closed
    assert.match(heard, /ECONNRESET/)
    assert.equal(heir.server.peers.length, 0)
})

test("an address in use is an error that tells which", async () => {
    const { port } = await bench()
    const other = new Gateway(
        new World(),
        new Segment(new World(), {
            latencyUs: 0,
            bitsPerSecond: Infinity,
            pointToPoint: false,
        }),
        new Random(1),
        () => {},
    )
    await assert.rejects(other.listen(ADDRESS, port), {
        code: "EADDRINUSE",
        address: ADDRESS,
        port,
    })
})
