/** Ports on the network: brought up, watched, and withdrawn. */
import { event } from "../console/events"
import { PEER_SIZE, readPeer, sendByte } from "../drivers/w5500"
import { Chip, resetChip, setAddress } from "../drivers/w5500chip"
import { isAddressUsed } from "../drivers/w5500probe"
import { copyPeer, hasCable, hasConflict } from "../drivers/w5500watch"
import { Phase } from "../iscsi/conn"
import {
    checkConns,
    closePort,
    endLogins,
    openConn,
    openPort,
} from "../iscsi/portal"
import { Port, SOCKETS } from "../iscsi/port"
import { isServed } from "../store/volume"
import { ID_ADDRESS, ID_ADDRESS_SIZE, ID_IP, ID_MAC } from "../wire/link"
import { Sense } from "../wire/scsi"
import { isWell } from "./chips"
import { pokeHosts } from "./hosts"
import { checkLink, showLife } from "./link"

let ports: Port[]
/** MAC address of a port that is nobody yet: as the link's, but for a byte. */
const probeMac = Buffer.alloc(6)
/** whether each port's cable had a link when last looked at */
const hadLink: boolean[] = [true, true]

/** What is looked at each second comes in rounds of 100 ms. */
const ROUNDS = 10
/** Ports that serve have the even ones; a socket of theirs the first four. */
const LINK_ROUND = 5
const DARK_ROUND = 7
let round = 0

/** @param identity this board's */
export function startPorts(p: Port[], identity: Buffer) {
    ports = p
    probeMac.blitAt(0, identity, ID_MAC, 6)
    probeMac[0] = 0x02
    probeMac[1] = 0x50 // "P"
}

/** Whether somebody answers at an address that a dark port shall take. */
export async function isAnswered(
    port: Port,
    identity: Buffer,
): Promise<boolean> {
    const ip = identity.slice(ID_IP, ID_IP + 4)
    return await isAddressUsed(port.chip, probeMac, ip)
}

/**
 * Gives a port its address, tells the network, and serves.
 *
 * The sockets listen before the address is known, all but the one that makes
 * it known: hosts come back at the announcement, and one that is refused then
 * does not try again for 350 ms (libiscsi).
 * @param attention what hosts are told when they log in
 */
export async function serve(port: Port, attention: Sense) {
    const id = port.identity
    const last = port.conns.length - 1
    await showLife()
    port.attention = attention
    port.isWanted = true
    for (let i = 0; i < last; ++i) await openConn(port.conns[i])
    await setAddress(
        port.chip,
        id.slice(ID_ADDRESS, ID_ADDRESS + ID_ADDRESS_SIZE),
    )
    await sendByte(port.conns[last].socket, id.slice(ID_IP, ID_IP + 4))
    await pokeHosts(port, port.conns[last])
    await openConn(port.conns[last])
    openPort(port)
    event(`${port.name} port serves ${port.target}`)
}

async function darken(chip: Chip) {
    await setAddress(chip, Buffer.alloc(ID_ADDRESS_SIZE))
}

/** Takes a port off the network. */
export async function withdraw(port: Port, why: string) {
    port.isWanted = false
    // the partner may die before it serves: then it is we who poke them
    await refreshHosts(port)
    await endLogins(port)
    // a host that was reset now would come back to a port that is about to go
    await darken(port.chip)
    await closePort(port)
    // it remembers who has the address: when that is asked for, it must be new
    await resetChip(port.chip)
    event(`${port.name} port withdrawn: ${why}`)
}

/** Hosts that came after the last looks, of a chip that still knows them. */
async function refreshHosts(port: Port) {
    for (let n = 0; n < SOCKETS; ++n) {
        const c = port.conns[n]
        if (c.phase !== Phase.FullFeature) continue
        const peer = await readPeer(c.socket)
        const tcpPort = peer.getAt(PEER_SIZE - 2, "u16")
        if (tcpPort !== 0 && tcpPort !== 0xffff)
            port.hosts.blitAt(n * PEER_SIZE, peer, 0, PEER_SIZE)
    }
}

/** Everything at the port begins anew: its chip has lost what it was told. */
async function setUpAgain(port: Port) {
    if (port.isActive) {
        await refreshHosts(port)
        await closePort(port)
    }
    await darken(port.chip)
    if (!(await resetChip(port.chip))) return
    // not I_T NEXUS LOSS: see `assume`
    if (port.isWanted) await serve(port, Sense.PowerOn)
}

/**
 * Looks at chips, cables, address conflicts and logins. Call every 100 ms.
 */
export async function checkPorts() {
    round = (round + 1) % ROUNDS
    for (let i = 0; i < ports.length; ++i) {
        const p = ports[i]
        if (p.isActive) await checkActive(p, i)
        else if (round === DARK_ROUND) await checkDark(p)
    }
    if (round === LINK_ROUND) await checkLink()
}

/**
 * A dark port whose volume is served here lost its address to another station.
 * That may be gone, or was only an old packet: who answers no more has it not.
 */
async function checkDark(p: Port) {
    if (!(await isWell(p.chip, 0, false))) {
        await setUpAgain(p)
        return
    }
    const v = p.unit.volume
    if (!v || p.isWanted || !isServed(v)) return
    if (!(await isAnswered(p, p.identity))) await serve(p, Sense.PowerOn)
}

async function checkActive(p: Port, index: number) {
    if ((round & 1) === 0 && !(await isSound(p))) return
    await checkConns(p)
    if (round !== 0) return // the round in which all registers are looked at
    if (hasCable !== hadLink[index])
        event(
            `${p.name} port: LAN ${hasCable ? "cable is back" : "cable lost"}`,
        )
    hadLink[index] = hasCable
}

/** Looks at a port's chip. @returns false: its connections are lost */
async function isSound(p: Port): Promise<boolean> {
    const n = round >> 1
    if (!(await isWell(p.chip, n, true))) {
        await setUpAgain(p)
        return false
    }
    if (hasConflict) {
        await withdraw(p, "another station has its address")
        return false
    }
    if (n < SOCKETS) rememberHost(p, n)
    return true
}

/** Of the socket that was looked at: who has to hear if the chip forgets it. */
function rememberHost(p: Port, n: number) {
    const at = n * PEER_SIZE
    if (p.conns[n].phase === Phase.FullFeature) copyPeer(p.hosts, at)
    else p.hosts.fillAt(at, PEER_SIZE, 0)
}
