/** Serves a port: its sockets, and the PDUs that come and go through them. */
import * as ds from "@devicescript/core"
import { readPin } from "../board/bus"
import { event } from "../console/events"
import { sessionChanged } from "../pair/hosts"
import { showLife } from "../pair/link"
import {
    close,
    consume,
    disconnect,
    listen,
    numberOf,
    poll,
    SOCK_CLOSE_WAIT,
    SOCK_CLOSED,
    SOCK_ESTABLISHED,
    SOCK_FIN_WAIT,
    SOCK_LAST_ACK,
    SOCK_LISTEN,
} from "../drivers/w5500"
import { readSir } from "../drivers/w5500chip"
import { BHS } from "../wire/iscsi"
import { tcpPortIn } from "../wire/link"
import { clear } from "./ring"
import { begins, Conn, countSilence, Phase, since, Sink } from "./conn"
import { dropOut, flushOut } from "../net/out"
import { Port, removeSession, SOCKETS } from "./port"
import { endLogin } from "./login"
import { NEVER, receive } from "./receive"
import { findBlocks, sendReady } from "./transfer"
import { closeWindow, orphanTasks, owesData } from "./task"

/** A login must be over by then. */
const LOGIN_LIMIT_MS = 10000
/** A host that does not end its side of a connection is not waited for. */
const LINGER_LIMIT_MS = 2000
/** Data of a write must go on within so many looks of 0.4 s. */
const DATA_LOOKS = 50
/** Rounds in which room in a socket's buffer is waited for without a pause. */
const ROOM_ROUNDS = 50
/** A bit for each socket of a port. */
const ALL_SOCKETS = (1 << SOCKETS) - 1
/** The next one, of a chip that has it: see pair/lan.ts. */
const GUEST_SOCKET = 1 << SOCKETS

/** Lets a socket take a connection. */
export async function openConn(c: Conn) {
    await listen(c.socket, tcpPortIn(c.port.identity))
}

/** Ports that serve now. */
export let serving: Port[] = []

/** The port's sockets listen: it is served from now on. */
export function openPort(port: Port) {
    port.isActive = true
    if (serving.indexOf(port) < 0) serving.push(port)
}

/**
 * Takes no more connections, and ends those whose host is not logged in. One
 * that the chip has taken and nobody has looked at is not known to who serves
 * next: nobody else would tell its host.
 */
export async function endLogins(port: Port) {
    for (let i = 0; i < port.conns.length; ++i) {
        const c = port.conns[i]
        if (c.phase === Phase.FullFeature) continue
        forget(c)
        await poll(c.socket)
        if (c.socket.sr === SOCK_ESTABLISHED) await disconnect(c.socket)
        else await close(c.socket)
    }
}

/** Closes a port: hosts hear nothing any more. */
export async function closePort(port: Port) {
    port.isActive = false
    const rest: Port[] = []
    for (let i = 0; i < serving.length; ++i)
        if (serving[i] !== port) rest.push(serving[i])
    serving = rest
    for (let i = 0; i < port.conns.length; ++i) {
        const c = port.conns[i]
        forget(c)
        await close(c.socket)
    }
}

/** The socket that is no host's has news. */
export let guestHasNews = false

export function takeGuestNews() {
    guestHasNews = false
}

/**
 * Looks after the sockets that have news: first the one that had news last,
 * for it mostly is the one again. A login takes 40 ms of a Pico: behind it the
 * link has its turn before other sockets have, or the partner would take
 * several hosts at once for a broken link.
 * @returns whether there were any, or one wants another look
 */
export async function servePort(port: Port): Promise<boolean> {
    let mask = port.again
    port.again = 0
    let worked = false
    if (mask === 0) worked = await visit(port.latest)
    if (readPin(port.int) === 0) mask |= await readSir(port.chip)
    if (mask & GUEST_SOCKET) guestHasNews = true
    mask &= ALL_SOCKETS // noise on the bus could show more than there are
    for (let i = 0; mask > 0; ++i) {
        if (mask & 1) {
            const c = port.conns[i]
            const isLogin = c.phase !== Phase.FullFeature
            if (await visit(c)) {
                port.latest = c
                worked = true
                if (isLogin) {
                    port.again |= (mask & ~1) << i
                    break
                }
            }
        }
        mask >>= 1
    }
    return worked || port.again > 0
}

/** Lets sessions go on that waited for the log, the card or the pool. */
export async function resumeSessions(port: Port): Promise<boolean> {
    let worked = false
    const sessions = port.sessions
    for (let i = 0; i < sessions.length; ++i) {
        const c = sessions[i]
        if (c.taskCount === 0) continue
        c.wantsRoom = false
        if (c.need === NEVER && findBlocks(c)) await receive(c)
        if (await sendReady(c)) worked = true
        await flushOut(c.socket)
        if (c.wantsRoom) waitForRoom(c)
    }
    return worked
}

/**
 * No interrupt tells that a chip has room again: its socket is looked at in
 * each round for a while, and then, for a host that takes nothing, only when
 * the board is idle.
 */
function waitForRoom(c: Conn) {
    const bit = 1 << numberOf(c.socket)
    if (c.roomRounds > 0) {
        c.roomRounds--
        c.port.again |= bit
    } else c.port.later |= bit
}

/** The board was idle: looks at the sockets that can wait. */
export function servePatient(port: Port) {
    port.again |= port.later
    port.later = 0
}

/** Looks at a socket. @returns whether it had news */
async function visit(c: Conn): Promise<boolean> {
    const s = c.socket
    await poll(s)
    if (s.sr !== SOCK_ESTABLISHED) {
        // noise on the bus must not end a session: a second look
        if (c.phase !== Phase.Closed) await poll(s)
        if (s.sr !== SOCK_ESTABLISHED) return await stateChanged(c)
    }
    let worked = false
    const hasWaited = c.wantsRoom
    c.wantsRoom = false
    if (c.phase === Phase.Closed) begin(c)
    if (c.need === NEVER) findBlocks(c)
    // of a port that is given away, only what runs is brought to its end
    const isHeld = c.port.isHeld && !owesData(c)
    if (s.rxSize >= c.need && c.phase !== Phase.Closing && !isHeld) {
        if (c.phase === Phase.Login) await showLife()
        worked = await receive(c)
    }
    if (c.taskCount > 0 || hasWaited) if (await sendReady(c)) worked = true
    await flushOut(s)
    if (c.phase === Phase.Closing && c.taskCount === 0) await hangUp(c)
    if (worked) c.roomRounds = ROOM_ROUNDS
    if (c.wantsRoom) waitForRoom(c)
    return worked
}

function begin(c: Conn) {
    c.phase = Phase.Login
    sessionChanged(c)
    begins(c)
    c.sn.fillAt(0, 12, 0)
    c.flags = 0
    c.need = BHS
}

/** The socket is not connected, or not any more. */
async function stateChanged(c: Conn): Promise<boolean> {
    const s = c.socket
    if (s.sr === SOCK_LISTEN) {
        forget(c)
        return false
    }
    if (s.sr === SOCK_CLOSE_WAIT) {
        await hangUp(c)
        return true
    }
    if (s.sr === SOCK_CLOSED) {
        forget(c)
        await openConn(c)
        return true
    }
    // what still comes is not looked at, but the host's end stands behind it
    const isEnding = s.sr >= SOCK_FIN_WAIT && s.sr <= SOCK_LAST_ACK
    if (isEnding && c.phase === Phase.Closed && s.rxSize > 0)
        await consume(s, s.rxSize)
    return false
}

/** Ends session and connection in order. */
async function hangUp(c: Conn) {
    forget(c)
    begins(c)
    await disconnect(c.socket)
}

/** Ends the session of a connection. */
export function forget(c: Conn) {
    if (c.phase === Phase.Closed) return
    removeSession(c)
    sessionChanged(c)
    c.phase = Phase.Closed
    dropOut()
    closeWindow(c)
    orphanTasks(c)
    clear(c.waiting)
    clear(c.reads)
    c.sink = Sink.None
    c.sinkLeft = 0
    c.sinkPad = 0
    c.need = BHS
    c.initiator = ""
    endLogin(c)
}

/** Ends a session now, and its connection at the next visit. */
export function requestDrop(c: Conn) {
    forget(c)
    c.phase = Phase.Closing
}

/** Ends a connection for a reason that the console shall tell. */
export async function drop(c: Conn, why: string) {
    event(
        `${c.port.name} port: connection ${numberOf(c.socket)} dropped: ${why}`,
    )
    await hangUp(c)
}

/** Ends a session that owes data and sends none: it holds blocks of the pool. */
async function checkData(c: Conn) {
    const owes = c.need !== NEVER && owesData(c)
    if (countSilence(c, owes) === DATA_LOOKS) await drop(c, "data do not come")
}

/**
 * Ends what takes too long: logins, and ends of connections. Looks at each
 * socket now and then, though it has no news.
 */
export async function checkConns(port: Port) {
    const now = ds.millis()
    const looked = port.conns[port.checked]
    port.again |= 1 << numberOf(looked.socket)
    if (looked.phase === Phase.FullFeature) await checkData(looked)
    port.checked = (port.checked + 1) % port.conns.length
    for (let i = 0; i < port.conns.length; ++i) {
        const c = port.conns[i]
        const s = c.socket
        if (c.phase === Phase.FullFeature || s.sr === SOCK_LISTEN) continue
        if (c.phase === Phase.Login && now - since(c) > LOGIN_LIMIT_MS)
            await drop(c, "login takes too long")
        else if (c.phase === Phase.Closing) await hangUp(c)
        else if (
            c.phase === Phase.Closed &&
            s.sr !== SOCK_LISTEN &&
            now - since(c) > LINGER_LIMIT_MS
        ) {
            await poll(s)
            if (s.sr !== SOCK_LISTEN && s.sr !== SOCK_ESTABLISHED)
                await openConn(c)
        }
        // no interrupt tells the end of LAST_ACK, nor for certain a RST
        if (c.phase === Phase.Closed && s.sr !== SOCK_LISTEN)
            port.again |= 1 << numberOf(s)
    }
}
