/**
 * The hosts that are connected, as the partner has to know them. After a
 * takeover their connections still stand at their side: a host that has sent
 * all of its command waits for the answer of a board that is dead, and sends
 * nothing that could tell it so. So the survivor speaks first.
 *
 * Each host is told to the partner by its address and port. At
 * takeover the chip sends each a SYN as if it were that connection anew. The
 * host challenges it (RFC 5961, 4.2), the chip resets what it does not know
 * (RFC 9293, 3.10.7.3), and the host comes back at once.
 */
import * as ds from "@devicescript/core"
import { close, connect, numberOf, PEER_SIZE, readPeer } from "../drivers/w5500"
import { Conn, Phase } from "../iscsi/conn"
import { Port, SOCKETS } from "../iscsi/port"
import { Frame, L_A, L_B, L_VOLUME, LINK_HEADER, tcpPortIn } from "../wire/link"
import { addFrame, makeRoom } from "./frames"

/** A SYN is out by then: the host's MAC address has to be found first. */
const SYN_MS = 2

/** By volume: the port that serves it, or may. */
const portOf: Port[] = []
/** sockets whose hosts the partner has to be told of, a bit each, by volume */
const untold = [0, 0]
/** Not 0: `sendHosts` has something to say. */
export let untoldHosts = 0
const ALL = (1 << SOCKETS) - 1

/** @param index this board's: 0 for a */
export function startHosts(homePort: Port, partnerPort: Port, index: number) {
    portOf[index] = homePort
    portOf[1 - index] = partnerPort
}

/**
 * A connection has begun or ended. Those that end with their port's service are
 * hosts that the partner has to poke, for it serves next.
 */
export function sessionChanged(c: Conn) {
    if (!c.port.isActive) return
    const i = c.port === portOf[0] ? 0 : 1
    untold[i] = untold[i] | (1 << numberOf(c.socket))
    untoldHosts = untold[0] + untold[1]
}

/** The partner knows nothing yet: a new connection over the link. */
export function tellAllHosts() {
    for (let i = 0; i < portOf.length; ++i) {
        if (portOf[i].isActive) untold[i] = ALL
        else portOf[i].hosts.fillAt(0, portOf[i].hosts.length, 0)
    }
    untoldHosts = untold[0] + untold[1]
}

/** Puts frames into `out` for all changes. */
export async function sendHosts() {
    for (let v = 0; v < portOf.length; ++v) {
        for (let i = 0; untold[v] > 0 && i < SOCKETS; ++i) {
            const bit = 1 << i
            if ((untold[v] & bit) === 0) continue
            untold[v] = untold[v] & ~bit
            await sendHost(v, portOf[v].conns[i])
        }
    }
    untoldHosts = untold[0] + untold[1]
}

async function sendHost(volume: number, c: Conn) {
    let ip = 0
    let port = 0
    if (c.phase !== Phase.Closed) {
        const peer = await readPeer(c.socket)
        ip = peer.getAt(0, "u32")
        port = peer.getAt(4, "u16")
    }
    await makeRoom(LINK_HEADER)
    addFrame(Frame.Host, volume, ip, port + numberOf(c.socket) * 0x10000, 0)
}

/** The partner's host at a socket has come, changed or gone. */
export function takeHost(b: Buffer, at: number): string | undefined {
    const slot = b[at + L_B + 2]
    const volume = b[at + L_VOLUME]
    if (slot >= SOCKETS || volume > 1)
        return "host at a socket that is not there"
    const port = portOf[volume]
    // what is served here is not the partner's to tell of
    if (port.isActive) return undefined
    port.hosts.blitAt(slot * PEER_SIZE, b, at + L_A, 4)
    port.hosts.blitAt(slot * PEER_SIZE + 4, b, at + L_B, 2)
    return undefined
}

/**
 * Shows a port's hosts that their connections are gone: those of a board that
 * is dead, or of a chip that has lost its registers.
 * @param port has its address
 * @param c not listening; its socket sends
 */
export async function pokeHosts(port: Port, c: Conn) {
    const hosts = port.hosts
    for (let i = 0; i < SOCKETS; ++i) {
        const at = i * PEER_SIZE
        if (hosts.getAt(at + 4, "u16") === 0) continue
        const hostPort = (hosts[at + 4] << 8) | hosts[at + 5]
        await connect(
            c.socket,
            tcpPortIn(port.identity),
            hosts.slice(at, at + 4),
            hostPort,
        )
        await ds.sleep(SYN_MS)
        await close(c.socket)
    }
    hosts.fillAt(0, hosts.length, 0)
}
