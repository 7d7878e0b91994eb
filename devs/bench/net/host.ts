/** A remote host on a segment: its own address and TCP, and no firmware. */
import type { Random } from "../../sim/random.ts"
import type { World } from "../../sim/world.ts"
import type { Endpoint, Ip, Mac, Packet, Segment, Station } from "./ethernet.ts"
import { IpStack, type IpHandler, type StackTiming } from "./ipstack.ts"
import type { TcpUser } from "./tcp.ts"

/**
 * Linux: 200 ms for data, 1 s for a SYN; `tcp_retries2`, `tcp_syn_retries`.
 * More patient than Linux where ARP finds nobody: that gives up after 3 s.
 */
const LINUX: StackTiming = {
    arpRetryUs: 1_000_000,
    retryUs: 200_000,
    synRetryUs: 1_000_000,
    maxRetryUs: 120_000_000,
    retries: 6,
    endsUnresolved: false,
}
const FIRST_EPHEMERAL_PORT = 32768
const EPHEMERAL_PORTS = 28232

const NO_SERVICES: IpHandler = { accept: () => undefined, udp: () => {} }

export class Host implements Station {
    readonly up = true
    private readonly stack: IpStack
    private nextPort = 0

    constructor(
        world: World,
        segment: Segment,
        readonly ip: Ip,
        readonly mac: Mac,
        random: Random,
        services: IpHandler = NO_SERVICES,
    ) {
        this.stack = new IpStack(
            world,
            segment,
            this,
            services,
            random,
            () => LINUX,
        )
        segment.attach(this)
    }

    receive(p: Packet) {
        this.stack.receive(p)
    }

    connect(remote: Endpoint, user: TcpUser) {
        const port = FIRST_EPHEMERAL_PORT + (this.nextPort++ % EPHEMERAL_PORTS)
        return this.connectFrom(port, remote, user)
    }

    connectFrom(localPort: number, remote: Endpoint, user: TcpUser) {
        return this.stack.connect(localPort, remote, user)
    }

    sendUdp(localPort: number, remote: Endpoint, data: Uint8Array) {
        this.stack.sendUdp(localPort, remote, data)
    }
}
