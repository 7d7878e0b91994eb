/** Ports on the network: brought up, watched, and withdrawn. */
import { event } from "../console/events"
import { announce, readConflict, readLink, setAddress } from "../drivers/w5500"
import { checkConns, closePort, openConn, openPort } from "../iscsi/portal"
import { Port } from "../iscsi/port"
import { ID_ADDRESS, ID_ADDRESS_SIZE, ID_IP } from "../wire/link"
import { Sense } from "../wire/scsi"
import { pokeHosts } from "./hosts"

let ports: Port[]
/** whether each port's cable had a link when last looked at */
const hadLink: boolean[] = [true, true]
let round = 0

export function startPorts(p: Port[]) {
    ports = p
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
    port.attention = attention
    for (let i = 0; i < last; ++i) await openConn(port.conns[i])
    await setAddress(
        port.chip,
        id.slice(ID_ADDRESS, ID_ADDRESS + ID_ADDRESS_SIZE),
    )
    await announce(port.conns[last].socket, id.slice(ID_IP, ID_IP + 4))
    if (port !== ports[0]) await pokeHosts(port, port.conns[last])
    await openConn(port.conns[last])
    openPort(port)
    event(`${port.name} port serves ${port.target}`)
}

/** Takes a port off the network. */
export async function withdraw(port: Port, why: string) {
    await closePort(port)
    await setAddress(port.chip, Buffer.alloc(ID_ADDRESS_SIZE))
    event(`${port.name} port withdrawn: ${why}`)
}

/** Looks at cables, address conflicts and logins. Call every 100 ms. */
export async function checkPorts() {
    round++
    for (let i = 0; i < ports.length; ++i) {
        const p = ports[i]
        if (!p.isActive) continue
        if (await readConflict(p.chip)) {
            await withdraw(p, "another station has its address")
            continue
        }
        await checkConns(p)
        if (round % 10 !== 0) continue
        const hasLink = await readLink(p.chip)
        if (hasLink !== hadLink[i])
            event(
                `${p.name} port: LAN ${hasLink ? "cable is back" : "cable lost"}`,
            )
        hadLink[i] = hasLink
    }
}
