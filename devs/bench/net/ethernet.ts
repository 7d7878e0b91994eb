/**
 * An Ethernet segment: a switched LAN, or one crossover cable. Carries whole
 * packets between stations, in order, with latency and bit rate; a station
 * that is not up, or whose cable is cut, hears and says nothing.
 */
import type { Timer, World } from "../../sim/world.ts"

/** IPv4 address as an unsigned 32-bit number. */
export type Ip = number
/** MAC address as 12 hex digits. */
export type Mac = string

export const BROADCAST: Mac = "ffffffffffff"

export function ipFrom(text: string): Ip {
    const parts = text.split(".").map(Number)
    if (
        parts.length !== 4 ||
        parts.some(p => !Number.isInteger(p) || p < 0 || p > 255)
    )
        throw new Error(`"${text}" is no IPv4 address`)
    return (
        ((parts[0] << 24) | (parts[1] << 16) | (parts[2] << 8) | parts[3]) >>> 0
    )
}

export function ipText(ip: Ip) {
    return [24, 16, 8, 0].map(s => (ip >>> s) & 255).join(".")
}

export interface ArpPacket {
    kind: "arp"
    isReply: boolean
    senderMac: Mac
    senderIp: Ip
    targetIp: Ip
}

export interface UdpPacket {
    kind: "udp"
    src: Endpoint
    dst: Endpoint
    data: Uint8Array
}

export interface TcpPacket {
    kind: "tcp"
    src: Endpoint
    dst: Endpoint
    seq: number
    ack: number
    syn: boolean
    fin: boolean
    rst: boolean
    /** set in all but a connection's first packet */
    acks: boolean
    window: number
    data: Uint8Array
}

export interface Endpoint {
    ip: Ip
    port: number
}

export type Packet = ArpPacket | UdpPacket | TcpPacket

/** Whatever has a network port. */
export interface Station {
    readonly mac: Mac
    readonly ip: Ip
    /** powered, out of reset, with a port that is not switched off */
    readonly up: boolean
    /** has carrier, and neither hears nor says anything */
    readonly silent?: boolean
    receive(packet: Packet): void
    /** the cable was cut or mended, or the far end came or went */
    carrierChanged?(): void
}

export interface SegmentOptions {
    /** one way, without the time that the bits take */
    latencyUs: number
    /** Infinity: takes no time */
    bitsPerSecond: number
    /** a crossover cable has carrier only when both ends are up */
    pointToPoint: boolean
}

/**
 * A PHY notices so late that the other end is silent. IEEE 802.3 leaves it
 * open; a 100BASE-TX descrambler that finds no idles lets go after 722 µs at
 * the least, and PHYs are specified for 1 to 2 ms.
 */
export const CARRIER_LOSS_US = 2000

const HEADERS_BYTES = 58
const GAP_AND_PREAMBLE_BYTES = 24

interface Port {
    station: Station
    cut: boolean
    /** what the PHY at the end of a crossover cable says, and will say */
    carrier: boolean
    losing?: Timer
    /** when this port's cable has sent what it was given */
    freeAt: number
    /** when the last packet of this port arrives: the next does not before */
    arrivesAt: number
    /** a direction of this port's cable that carries nothing */
    dead?: Direction
    /** packets that are on their way, and when their last bit is out */
    sending: { until: number; delivery: Timer }[]
}

/** Of a station's cable: to the station, or from it. */
export type Direction = "in" | "out"

/** What a fault may do to a packet; `undefined`: it is lost. */
export type PacketFault = (p: Packet, from: Station) => Packet | undefined

export class Segment {
    private readonly ports: Port[] = []
    /** set by tests: looks at each packet before it is sent */
    fault: PacketFault = p => p
    /** set by tests: microseconds by which a packet comes later, in order */
    delay?: (p: Packet, from: Station) => number
    /** divides the bit rate */
    private slow = 1
    private groups?: Station[][]

    constructor(
        private readonly world: World,
        private readonly opts: SegmentOptions,
    ) {}

    attach(station: Station) {
        this.ports.push({
            station,
            cut: false,
            carrier: false,
            freeAt: 0,
            arrivesAt: 0,
            sending: [],
        })
    }

    /**
     * One direction of a station's cable is dead. Whoever hears nothing sees
     * no carrier; the other side's PHY, without fault signalling, still does.
     * @param direction `undefined` mends it
     */
    oneWay(station: Station, direction?: Direction) {
        this.port(station).dead = direction
        this.carrierChanged()
    }

    /**
     * Stations of different groups do not hear each other, and keep their
     * carrier: a link between two switches is down. Stations in no group are
     * one more. @param groups `undefined` heals
     */
    split(groups?: Station[][]) {
        this.groups = groups
    }

    private isSplit(x: Station, y: Station) {
        const side = (s: Station) => this.groups?.findIndex(g => g.includes(s))
        return this.groups !== undefined && side(x) !== side(y)
    }

    cut(station: Station, cut: boolean) {
        this.port(station).cut = cut
        this.carrierChanged()
    }

    isCut(station: Station) {
        return this.port(station).cut
    }

    /** Call when a station came up or went down. */
    carrierChanged() {
        for (const p of this.ports) {
            if (p.cut || !p.station.up) this.breakOff(p)
            if (this.opts.pointToPoint) this.watchSignal(p)
            p.station.carrierChanged?.()
        }
    }

    /** A signal is seen at once, its loss later. */
    private watchSignal(port: Port) {
        if (this.hasSignal(port)) {
            if (port.losing) port.losing.cancelled = true
            port.losing = undefined
            port.carrier = true
        } else if (port.carrier && !port.losing)
            port.losing = this.world.after(CARRIER_LOSS_US, () => {
                port.losing = undefined
                port.carrier = false
                port.station.carrierChanged?.()
            })
    }

    private hasSignal(port: Port) {
        if (port.cut || port.dead === "in") return false
        return this.ports.some(
            p => p !== port && !p.cut && p.dead !== "out" && p.station.up,
        )
    }

    /** What is not out yet never will be. */
    private breakOff(port: Port) {
        const { now } = this.world
        for (const { until, delivery } of port.sending)
            if (until > now) delivery.cancelled = true
        port.sending = []
        port.freeAt = port.arrivesAt = now
    }

    /**
     * So many times slower than it was built; 1 mends it. Who changes the speed
     * loses what is on its way.
     */
    slowDown(times: number) {
        for (const p of this.ports) this.breakOff(p)
        this.slow = times
    }

    /** Whether the station sees a link. */
    carrier(station: Station) {
        const port = this.port(station)
        if (!station.up) return false
        if (this.opts.pointToPoint) return port.carrier
        return !port.cut && port.dead !== "in"
    }

    /** Sends to one MAC address, or to all. */
    send(from: Station, to: Mac, packet: Packet) {
        const port = this.port(from)
        if (port.cut || port.dead === "out" || !from.up || from.silent) return
        const sent = this.fault(packet, from)
        if (!sent) return
        const bytes =
            HEADERS_BYTES +
            GAP_AND_PREAMBLE_BYTES +
            ("data" in sent ? sent.data.length : 0)
        const start = Math.max(this.world.now, port.freeAt)
        const bitsPerSecond = this.opts.bitsPerSecond / this.slow
        port.freeAt = start + (bytes * 8e6) / bitsPerSecond
        const until = port.freeAt
        const late = this.delay ? this.delay(sent, from) : 0
        port.arrivesAt = Math.max(
            until + this.opts.latencyUs + late,
            port.arrivesAt,
        )
        const delivery = this.world.at(port.arrivesAt, () =>
            this.deliver(from, to, sent),
        )
        while (port.sending[0]?.until <= this.world.now) port.sending.shift()
        port.sending.push({ until, delivery })
    }

    private deliver(from: Station, to: Mac, packet: Packet) {
        for (const p of this.ports) {
            if (p.station === from || p.cut || !p.station.up) continue
            if (p.dead === "in" || p.station.silent) continue
            if (this.groups && this.isSplit(from, p.station)) continue
            if (to === BROADCAST || p.station.mac === to)
                p.station.receive(packet)
        }
    }

    private port(station: Station) {
        const port = this.ports.find(p => p.station === station)
        if (!port) throw new Error("the station is not on this segment")
        return port
    }
}
