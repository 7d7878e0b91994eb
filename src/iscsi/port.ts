/**
 * The port database: virtual ports over physical ones. A physical port is a
 * W5500; what makes it someone (names, IP, MAC, disk) is its entry here. An
 * entry that changes is a port that becomes somebody else.
 */
import { digest } from "@devicescript/crypto"
import { PEER_SIZE } from "../drivers/w5500"
import { Chip, makeChip } from "../drivers/w5500chip"
import { Pin } from "../board/board"
import { Unit } from "../scsi/request"
import { Volume } from "../store/volume"
import { IDENTITY_SIZE, nameIn } from "../wire/link"
import { Conn, makeConn } from "./conn"

/**
 * Buffers of the sockets in KiB, of each direction: 16 together. The first
 * connection gets room for a whole 4 KiB write with its header; others are for
 * discovery and for hosts that ask rarely. At home, the last is the partner's:
 * see pair/lan.ts.
 */
export const HOME_KB = [8, 2, 2, 2, 2]
export const PARTNER_KB = [8, 4, 2, 2]
/** Sockets for hosts. */
export const SOCKETS = 4
/** TCP gives up a host after 100 ms * (2^6 - 1). */
const RETRY_MS = 100
const RETRIES = 5

export interface Port {
    /** physical: "home" or "partner" */
    name: string
    chip: Chip
    /** the chip's interrupt line */
    int: Pin
    conns: Conn[]
    /** those in full feature phase */
    sessions: Conn[]
    /** serves now */
    isActive: boolean
    /** serves, or will as soon as its chip can */
    isWanted: boolean
    /** what hosts send now stays in the chip: it is for the board to come */
    isHeld: boolean
    /** addresses and ports of the hosts that have sessions, by socket; as they
     * stand in the registers */
    hosts: Buffer
    /** whose socket had news last */
    latest: Conn
    /** sockets to look at once more, a bit each: they wait for room in the
     * chip, or for blocks, and no interrupt tells of these */
    again: number
    /** sockets to look at when the board is idle, a bit each */
    later: number
    /** the connection that is looked at next, though it has no news */
    checked: number

    /// the entry: who the port is ///

    identity: Buffer
    /** the target's iSCSI name */
    target: string
    /** the target's LUN 0 */
    unit: Unit
    /** new sessions are told of by this `Sense` */
    attention: number
}

/** @param kilobytes of its sockets' buffers */
export function makePort(
    name: string,
    cs: Pin,
    int: Pin,
    kilobytes: number[],
): Port {
    const chip = makeChip(name, cs, kilobytes, RETRY_MS, RETRIES)
    const port: Port = {
        name,
        chip,
        int,
        latest: undefined as any,
        again: 0,
        later: 0,
        checked: 0,
        conns: [],
        sessions: [],
        isActive: false,
        isWanted: false,
        isHeld: false,
        hosts: Buffer.alloc(SOCKETS * PEER_SIZE),
        identity: Buffer.alloc(IDENTITY_SIZE),
        target: "",
        unit: {
            volume: undefined as any,
            naa: Buffer.alloc(8),
            serial: "",
            portName: "",
        },
        attention: 0,
    }
    for (let i = 0; i < SOCKETS; ++i)
        port.conns.push(makeConn(port, chip.sockets[i]))
    port.latest = port.conns[0]
    return port
}

/** Ends a connection's place among the sessions, if it has one. */
export function removeSession(c: Conn) {
    const rest: Conn[] = []
    const sessions = c.port.sessions
    for (let i = 0; i < sessions.length; ++i)
        if (sessions[i] !== c) rest.push(sessions[i])
    c.port.sessions = rest
}

/**
 * Makes a port someone. Serial number and NAA identifier follow from the
 * target's name alone, so that they are the same wherever it is served.
 */
export function setIdentity(port: Port, identity: Buffer, volume: Volume) {
    port.identity.blitAt(0, identity, 0, IDENTITY_SIZE)
    port.target = nameIn(identity)
    const u = port.unit
    u.volume = volume
    u.portName = port.target + ",t,0x0001"
    const hash = digest("sha256", port.target)
    u.serial = hash.slice(0, 8).toString("hex")
    u.naa.blitAt(0, hash, 0, 8)
    // NAA 3: locally assigned, 60 bits (SPC-4 7.8.6.6.4)
    u.naa[0] = 0x30 | (u.naa[0] & 0x0f)
}
