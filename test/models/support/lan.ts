/** A LAN with hosts on it, and connections that tell what happens to them. */
import { isDeepStrictEqual } from "node:util"
import {
    ipFrom,
    Segment,
    type Endpoint,
    type Packet,
    type TcpPacket,
    type UdpPacket,
} from "../../../devs/bench/net/ethernet.ts"
import { Host } from "../../../devs/bench/net/host.ts"
import type { IpHandler } from "../../../devs/bench/net/ipstack.ts"
import type { TcpConnection, TcpUser } from "../../../devs/bench/net/tcp.ts"
import { Random } from "../../../devs/sim/random.ts"
import { World } from "../../../devs/sim/world.ts"
import { W5500Master } from "./w5500.ts"

export const HOST_IP = ipFrom("10.0.0.100")
export const CHIP_IP = ipFrom("10.0.0.11")
export const CHIP_MAC = "02545700000a"

/** Any 100 Mbit/s switch. */
const OPTIONS = { latencyUs: 30, bitsPerSecond: 100e6, pointToPoint: false }

export class Lan {
    readonly world = new World()
    readonly segment: Segment
    /** all packets that were sent, with the time */
    readonly sent: { at: number; packet: Packet }[] = []
    private hosts = 0

    constructor(
        readonly seed = 1,
        options: Partial<typeof OPTIONS> = {},
    ) {
        this.segment = new Segment(this.world, { ...OPTIONS, ...options })
        this.setFault(p => p)
    }

    /** Looks at each packet before it is sent; `undefined` loses it. */
    setFault(fault: (p: Packet) => Packet | undefined) {
        this.segment.fault = p => {
            this.sent.push({ at: this.world.now, packet: p })
            return fault(p)
        }
    }

    /** TCP packets so far that are like this. */
    tcp(like: Partial<TcpPacket>): TcpPacket[] {
        const wanted = Object.entries(like) as [keyof TcpPacket, unknown][]
        return this.sent
            .map(s => s.packet)
            .filter(p => p.kind === "tcp")
            .filter(p =>
                wanted.every(([key, value]) =>
                    isDeepStrictEqual(p[key], value),
                ),
            )
    }

    host(services?: IpHandler): Host {
        const n = this.hosts++
        return new Host(
            this.world,
            this.segment,
            HOST_IP + n,
            "0200000001" + n.toString(16).padStart(2, "0"),
            new Random(this.seed + n),
            services,
        )
    }

    /** A W5500 with an address. */
    chip(ip = CHIP_IP, mac = CHIP_MAC): W5500Master {
        const chip = new W5500Master(this.world, this.segment, this.seed)
        chip.setAddress(ip, mac)
        return chip
    }

    run(us: number) {
        this.world.runUntil(this.world.now + us)
    }
}

/** One end of a connection, for a host. */
export class Peer implements TcpUser {
    connection!: TcpConnection
    /** names of the calls, in order; data are counted apart */
    readonly calls: string[] = []
    received = Buffer.alloc(0)
    acknowledgedBytes = 0
    /** how many received bytes it takes from now on */
    room = Infinity

    established = () => void this.calls.push("established")
    finished = () => void this.calls.push("finished")
    closed = () => void this.calls.push("closed")
    reset = () => void this.calls.push("reset")
    timedOut = () => void this.calls.push("timedOut")
    window = () => Math.min(65535, this.room)
    acknowledged = (count: number) => void (this.acknowledgedBytes += count)
    receive = (data: Uint8Array) => {
        const taken = data.subarray(0, Math.min(data.length, this.room))
        this.received = Buffer.concat([this.received, taken])
        this.room -= taken.length
        return taken.length
    }

    get last() {
        return this.calls.at(-1)
    }
}

/** Connects a host. @param room how many bytes it takes at first */
export function connect(host: Host, remote: Endpoint, room?: number): Peer {
    const peer = new Peer()
    if (room !== undefined) peer.room = room
    peer.connection = host.connect(remote, peer)
    return peer
}

/** A host's services: takes connections to one port, and all datagrams. */
export class Server implements IpHandler {
    readonly peers: Peer[] = []
    readonly datagrams: UdpPacket[] = []
    conflicts = 0

    constructor(private readonly port = 3260) {}

    accept = (local: Endpoint) => {
        if (local.port !== this.port) return undefined
        const peer = new Peer()
        this.peers.push(peer)
        return {
            user: peer,
            accepted: (c: TcpConnection) => void (peer.connection = c),
        }
    }
    udp = (p: UdpPacket) => void this.datagrams.push(p)
    conflict = () => void this.conflicts++
}

/** Bytes that tell where in a stream they are. */
export function stream(length: number, from = 0): Buffer {
    const data = Buffer.alloc(length)
    for (let i = 0; i < length; i++)
        data[i] = (from + i) * 167 + ((from + i) >> 8)
    return data
}
