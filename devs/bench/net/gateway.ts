/**
 * Lets real hosts on: listens on real addresses, and bridges each connection
 * to a host on the simulated LAN, which connects to the same address there.
 *
 * The real listener stays open while nobody on the LAN owns its address: the
 * host behind it is then as silent as a dead board, and its SYN is repeated
 * after one, three and seven seconds, as a real one would be.
 */
import net from "node:net"
import type { Random } from "../../sim/random.ts"
import type { World } from "../../sim/world.ts"
import type { Endpoint, Segment } from "./ethernet.ts"
import { ipFrom } from "./ethernet.ts"
import { Host } from "./host.ts"
import { resetSocket } from "./socket.ts"
import type { TcpConnection, TcpUser } from "./tcp.ts"

const HOST_IP = ipFrom("127.0.0.1")
const HOST_MAC = "020000000001"
/** Bytes on their way in one direction before the sender has to wait. */
const BUFFER = 256 * 1024

export class Gateway {
    private readonly host: Host
    private readonly servers: net.Server[] = []
    private readonly sockets = new Set<net.Socket>()

    /** @param kick tells the clock that something has come from outside */
    constructor(
        world: World,
        lan: Segment,
        random: Random,
        private readonly kick: () => void,
    ) {
        this.host = new Host(world, lan, HOST_IP, HOST_MAC, random)
    }

    /** Listens on a real address. @throws when it is in use */
    async listen(address: string, port: number) {
        const server = net.createServer(
            { noDelay: true, allowHalfOpen: true },
            socket => this.bridge(socket, { ip: ipFrom(address), port }),
        )
        this.servers.push(server)
        await new Promise<void>((resolve, reject) => {
            server.once("error", reject)
            server.listen(port, address, resolve)
        })
    }

    /** Resets all connections and stops listening. */
    async close() {
        for (const s of this.sockets) resetSocket(s)
        await Promise.all(
            this.servers.map(s => new Promise(done => s.close(done))),
        )
    }

    private bridge(socket: net.Socket, remote: Endpoint) {
        this.sockets.add(socket)
        let connection: TcpConnection | undefined
        const dead = () => {
            connection = undefined
            resetSocket(socket)
        }
        const user: TcpUser = {
            established() {},
            receive: data => {
                socket.write(data.slice())
                return data.length
            },
            window: () => Math.max(0, BUFFER - socket.writableLength),
            acknowledged: () => {
                if (connection && connection.unacknowledged < BUFFER)
                    socket.resume()
            },
            finished: () => {
                socket.end()
                connection?.finish()
            },
            closed: () => socket.end(),
            reset: dead,
            timedOut: dead,
        }
        connection = this.host.connect(remote, user)
        socket.on("data", data => {
            connection?.write(data)
            if (connection && connection.unacknowledged >= BUFFER)
                socket.pause()
            this.kick()
        })
        socket.on("drain", () => {
            connection?.windowOpened()
            this.kick()
        })
        socket.on("end", () => {
            connection?.finish()
            this.kick()
        })
        socket.on("error", () => {
            connection?.abort()
            connection = undefined
            this.kick()
        })
        socket.on("close", () => this.sockets.delete(socket))
        this.kick()
    }
}
