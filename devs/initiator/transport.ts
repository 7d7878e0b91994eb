/** What carries an initiator's bytes: a real socket, or the simulated LAN. */
import net from "node:net"
import type { Endpoint } from "../bench/net/ethernet.ts"
import type { Host } from "../bench/net/host.ts"
import { resetSocket } from "../bench/net/socket.ts"
import type { TcpUser } from "../bench/net/tcp.ts"

export interface TransportUser {
    connected(): void
    received(data: Uint8Array): void
    /** the connection is gone, for whatever reason; comes once */
    closed(why: string): void
}

export interface Transport {
    send(data: Uint8Array): void
    /** Ends the connection in order. */
    end(): void
    /** Ends it with a reset. */
    abort(): void
}

export type Connect = (user: TransportUser) => Transport

/** Connects to a real address. */
export function overSocket(host: string, port: number): Connect {
    return user => {
        const socket = net.connect({ host, port, noDelay: true })
        let why = "closed"
        socket.on("connect", () => user.connected())
        socket.on("data", data => user.received(data))
        socket.on("end", () => (why = "ended by the target"))
        socket.on("error", e => (why = e.message))
        socket.on("close", () => user.closed(why))
        return {
            send: data => void socket.write(data),
            end: () => void socket.end(),
            abort: () => resetSocket(socket),
        }
    }
}

/** Connects from a host on a simulated LAN. */
export function overLan(host: Host, remote: Endpoint): Connect {
    return user => {
        let open = true
        const gone = (why: string) => {
            if (!open) return
            open = false
            user.closed(why)
        }
        const tcp: TcpUser = {
            established: () => user.connected(),
            receive: data => {
                user.received(data.slice())
                return data.length
            },
            window: () => 65535,
            acknowledged() {},
            finished: () => {
                connection.finish()
                gone("ended by the target")
            },
            closed: () => gone("closed"),
            reset: () => gone("reset"),
            timedOut: () => gone("timed out"),
        }
        const connection = host.connect(remote, tcp)
        return {
            send: data => connection.write(data.slice()),
            end: () => connection.finish(),
            abort: () => {
                connection.abort()
                gone("aborted")
            },
        }
    }
}
