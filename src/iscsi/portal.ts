/** Serves a port: its sockets, and the PDUs that come and go through them. */
import * as ds from "@devicescript/core"
import { event } from "../console/events"
import {
    close,
    disconnect,
    listen,
    poll,
    readSir,
    SOCK_CLOSE_WAIT,
    SOCK_CLOSED,
    SOCK_ESTABLISHED,
    SOCK_LISTEN,
} from "../drivers/w5500"
import { BHS } from "../wire/iscsi"
import { clear } from "./ring"
import { Conn, Phase, Sink } from "./conn"
import { dropOut, flushOut } from "../net/out"
import { Port, tcpPortIn } from "./port"
import { receive } from "./receive"
import { sendReady } from "./transfer"
import { closeWindow, orphanTasks } from "./task"

/** Turns of the main loop that a socket is polled for after it had news. */
const HOT_TURNS = 8
/** A login must be over by then. */
const LOGIN_LIMIT_MS = 10000
/** A host that does not end its side of a connection is not waited for. */
const LINGER_LIMIT_MS = 2000

/** Opens all sockets of a port. */
export async function openPort(port: Port) {
    for (let i = 0; i < port.conns.length; ++i)
        await listen(port.conns[i].socket, tcpPortIn(port.identity))
    port.isActive = true
}

/** Closes a port: hosts hear nothing any more. */
export async function closePort(port: Port) {
    port.isActive = false
    for (let i = 0; i < port.conns.length; ++i) {
        const c = port.conns[i]
        forget(c)
        await close(c.socket)
    }
}

/** Goes round a port's sockets once. @returns whether any had work */
export async function servePort(port: Port): Promise<boolean> {
    let worked = false
    let isHot = false
    const conns = port.conns
    for (let i = 0; i < conns.length; ++i)
        if (conns[i].hot > 0) {
            isHot = true
            if (await visit(conns[i])) worked = true
        }
    if (isHot) return worked
    // nothing was expected: ask for all sockets at once
    let sir = await readSir(port.chip)
    for (let i = 0; sir > 0; ++i) {
        if (sir & 1) conns[i].hot = HOT_TURNS
        sir >>= 1
        worked = true
    }
    return worked
}

async function visit(c: Conn): Promise<boolean> {
    const s = c.socket
    await poll(s)
    if (s.sr !== SOCK_ESTABLISHED) return await stateChanged(c)
    if (c.phase === Phase.Closed) begin(c)
    let worked = await sendReady(c)
    if (s.rxSize >= c.need && c.phase !== Phase.Closing && (await receive(c)))
        worked = true
    await flushOut(s)
    if (c.phase === Phase.Closing && c.taskCount === 0) await hangUp(c)
    if (worked || c.taskCount > 0) c.hot = HOT_TURNS
    else c.hot--
    return worked
}

function begin(c: Conn) {
    c.phase = Phase.Login
    c.since = ds.millis()
    c.sn.fillAt(0, 12, 0)
    c.isDiscovery = false
    c.hasTarget = false
    c.hasDeclared = false
    c.text = undefined
    c.need = BHS
}

/** The socket is not connected, or not any more. */
async function stateChanged(c: Conn): Promise<boolean> {
    const s = c.socket
    c.hot--
    if (s.sr === SOCK_LISTEN) return false
    if (s.sr === SOCK_CLOSE_WAIT) {
        await hangUp(c)
        return true
    }
    if (s.sr === SOCK_CLOSED) {
        forget(c)
        await listen(s, tcpPortIn(c.port.identity))
        return true
    }
    // on the way from one state to another, but not for ever
    c.hot = HOT_TURNS
    if (ds.millis() - c.since > LINGER_LIMIT_MS) await close(s)
    return false
}

/** Ends session and connection in order. */
async function hangUp(c: Conn) {
    forget(c)
    c.since = ds.millis()
    await disconnect(c.socket)
}

/** Ends the session of a connection. */
export function forget(c: Conn) {
    if (c.phase === Phase.Closed) return
    c.phase = Phase.Closed
    dropOut()
    orphanTasks(c)
    closeWindow(c)
    clear(c.transfers)
    clear(c.waiting)
    clear(c.reads)
    c.sink = Sink.None
    c.sinkLeft = 0
    c.sinkPad = 0
    c.need = BHS
    c.initiator = ""
}

/** Ends a session now, and its connection at the next visit. */
export function requestDrop(c: Conn) {
    forget(c)
    c.phase = Phase.Closing
    c.hot = HOT_TURNS
}

/** Ends a connection for a reason that the console shall tell. */
export async function drop(c: Conn, why: string) {
    event(`${c.port.name} port: connection ${c.socket.n} dropped: ${why}`)
    await hangUp(c)
    c.hot = HOT_TURNS
}

/** Ends logins that take too long. Call now and then. */
export async function checkLogins(port: Port) {
    const now = ds.millis()
    for (let i = 0; i < port.conns.length; ++i) {
        const c = port.conns[i]
        if (c.phase === Phase.Login && now - c.since > LOGIN_LIMIT_MS)
            await drop(c, "login takes too long")
    }
}
