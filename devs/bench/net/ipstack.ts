/** ARP, UDP and the table of TCP connections of one station. */
import type { Random } from "../../sim/random.ts"
import type { Timer, World } from "../../sim/world.ts"
import {
    BROADCAST,
    type ArpPacket,
    type Endpoint,
    type Ip,
    type Mac,
    type Packet,
    type Segment,
    type Station,
    type TcpPacket,
    type UdpPacket,
} from "./ethernet.ts"
import {
    resetFor,
    TcpConnection,
    type TcpOptions,
    type TcpUser,
} from "./tcp.ts"

/** What the station above the stack decides. */
export interface IpHandler {
    /** @returns who takes a new connection; `undefined` refuses it */
    accept(local: Endpoint, remote: Endpoint): Acceptor | undefined
    udp(packet: UdpPacket): void
    /**
     * whether a segment of a connection that the station does not have is
     * answered by RST, as TCP wants it; yes when absent
     */
    answersStale?(): boolean
    /** another station uses this station's address */
    conflict?(): void
}

/** How patient a station is. */
export interface StackTiming extends TcpOptions {
    arpRetryUs: number
    /** whether a connection that is being opened ends when ARP finds nobody */
    endsUnresolved: boolean
}

/** Who takes a connection that another station opens. */
export interface Acceptor {
    user: TcpUser
    /** Gets the connection, whose handshake is not over yet. */
    accepted(connection: TcpConnection): void
}

interface Resolving {
    waiting: ((mac: Mac) => void)[]
    retry: Timer
    tries: number
    failed: (() => void)[]
}

export class IpStack {
    private readonly connections = new Map<string, TcpConnection>()
    private readonly cache = new Map<Ip, Mac>()
    private readonly resolving = new Map<Ip, Resolving>()

    constructor(
        private readonly world: World,
        private readonly segment: Segment,
        private readonly station: Station,
        private readonly handler: IpHandler,
        private readonly random: Random,
        private readonly timing: () => StackTiming,
    ) {}

    /** Opens a connection. */
    connect(localPort: number, remote: Endpoint, user: TcpUser) {
        const local = { ip: this.station.ip, port: localPort }
        const connection = this.create(local, remote, user)
        connection.connect()
        return connection
    }

    sendUdp(
        localPort: number,
        dst: Endpoint,
        data: Uint8Array,
        done: (sent: boolean) => void = () => {},
    ) {
        const src = { ip: this.station.ip, port: localPort }
        const packet: UdpPacket = { kind: "udp", src, dst, data }
        this.resolve(
            dst.ip,
            mac => {
                this.segment.send(this.station, mac, packet)
                done(true)
            },
            () => done(false),
        )
    }

    /** Forgets everything and says nothing, as a loss of power does. */
    forget() {
        for (const c of [...this.connections.values()]) c.forget()
        for (const r of this.resolving.values()) r.retry.cancelled = true
        this.resolving.clear()
        this.cache.clear()
    }

    /** The next packet to that address asks for it by ARP. */
    forgetAddress(ip: Ip) {
        this.cache.delete(ip)
    }

    receive(p: Packet) {
        if (p.kind === "arp") this.receiveArp(p)
        else if (p.dst.ip !== this.station.ip) return
        else if (p.kind === "udp") this.handler.udp(p)
        else this.receiveTcp(p)
    }

    private receiveTcp(p: TcpPacket) {
        const known = this.connections.get(key(p.dst, p.src))
        if (known) return known.receive(p)
        const isNew = p.syn && !p.acks && !p.rst
        const acceptor = isNew ? this.handler.accept(p.dst, p.src) : undefined
        if (!acceptor) return this.refuse(p, isNew)
        const connection = this.create(p.dst, p.src, acceptor.user)
        acceptor.accepted(connection)
        connection.accept(p)
    }

    private refuse(p: TcpPacket, isNew: boolean) {
        if (!isNew && this.handler.answersStale?.() === false) return
        const reset = resetFor(p)
        if (reset) this.sendTo(reset.dst.ip, reset)
    }

    private create(local: Endpoint, remote: Endpoint, user: TcpUser) {
        const name = key(local, remote)
        const timing = this.timing()
        const unresolved = () => {
            if (timing.endsUnresolved) connection.unreachable()
        }
        const connection = new TcpConnection(
            this.world,
            local,
            remote,
            user,
            p => this.sendTo(remote.ip, p, unresolved),
            () => {
                if (this.connections.get(name) === connection)
                    this.connections.delete(name)
            },
            timing,
            this.random.int(-0x80000000, 0x7fffffff) >>> 0,
        )
        this.connections.get(name)?.forget()
        this.connections.set(name, connection)
        return connection
    }

    /** The source is the station's address of now, whatever it was before. */
    private sendTo(ip: Ip, packet: TcpPacket, failed?: () => void) {
        const src = { ip: this.station.ip, port: packet.src.port }
        this.resolve(
            ip,
            mac => this.segment.send(this.station, mac, { ...packet, src }),
            failed,
        )
    }

    /// ARP ///

    private receiveArp(p: ArpPacket) {
        const mine = this.station.ip
        // W5500, IR.CONFLICT: "own source IP address is same with the sender IP
        // address in the received ARP request"; the MAC address does not count
        if (!p.isReply && p.senderIp === mine && mine !== 0)
            this.handler.conflict?.()
        const waiting = this.resolving.get(p.senderIp)
        // RFC 826: who asks for us will hear from us
        const isForUs = p.targetIp === mine && p.senderIp !== mine
        if (isForUs || waiting || this.cache.has(p.senderIp))
            this.cache.set(p.senderIp, p.senderMac)
        if (waiting) {
            this.resolving.delete(p.senderIp)
            waiting.retry.cancelled = true
            for (const f of waiting.waiting) f(p.senderMac)
        }
        if (isForUs && !p.isReply) this.sendArp(p.senderMac, p.senderIp, true)
    }

    private sendArp(to: Mac, targetIp: Ip, isReply: boolean) {
        this.segment.send(this.station, to, {
            kind: "arp",
            isReply,
            senderMac: this.station.mac,
            senderIp: this.station.ip,
            targetIp,
        })
    }

    private resolve(ip: Ip, found: (mac: Mac) => void, failed = () => {}) {
        const mac = this.cache.get(ip)
        if (mac) return found(mac)
        const under = this.resolving.get(ip)
        if (under) {
            under.waiting.push(found)
            under.failed.push(failed)
            return
        }
        this.resolving.set(ip, {
            waiting: [found],
            failed: [failed],
            tries: 0,
            retry: this.askAgain(ip),
        })
        this.sendArp(BROADCAST, ip, false)
    }

    private askAgain(ip: Ip): Timer {
        const { arpRetryUs, retries } = this.timing()
        return this.world.after(arpRetryUs, () => {
            const r = this.resolving.get(ip)
            if (!r) return
            if (++r.tries > retries) {
                this.resolving.delete(ip)
                for (const f of r.failed) f()
                return
            }
            r.retry = this.askAgain(ip)
            this.sendArp(BROADCAST, ip, false)
        })
    }
}

/** Without the local address, which a W5500 may change under a connection. */
function key(local: Endpoint, remote: Endpoint) {
    return `${local.port}-${remote.ip}:${remote.port}`
}
