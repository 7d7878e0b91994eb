/**
 * WIZnet W5500: Ethernet with TCP/IP and eight sockets behind SPI.
 * Register names and chapters as in the datasheet v1.1.0.
 *
 * Each access is one SPI frame: address, block and direction, then data. A
 * frame costs about 170 µs however short it is, so a socket's registers come
 * in one burst, and what is known (pointers, constant frames) is not read or
 * built again. Frames that never change are sent from buffers of their own.
 */
import { Pin } from "../board/board"
import { transfer, transferThrice, transferTwice } from "../board/bus"

/// Common registers (chapter 4.1) ///

export const MR = 0x00
export const GAR = 0x01
export const SHAR = 0x09
export const SIPR = 0x0f
export const IR = 0x15
export const SIR = 0x17
export const SIMR = 0x18
export const RTR = 0x19
export const RCR = 0x1b
export const PHYCFGR = 0x2e
export const VERSIONR = 0x39

export const PHYCFGR_LNK = 0x01
/** low while the PHY is held in reset */
export const PHYCFGR_RST = 0x80
/** What VERSIONR reads on every W5500. */
export const W5500_VERSION = 0x04

/// Socket registers (chapter 4.2) ///

export const Sn_MR = 0x00
const Sn_CR = 0x01
export const Sn_IR = 0x02
export const Sn_SR = 0x03
export const Sn_PORT = 0x04
export const Sn_DIPR = 0x0c
export const Sn_RXBUF_SIZE = 0x1e
export const Sn_TX_FSR = 0x20
export const Sn_TX_WR = 0x24
export const Sn_RX_RSR = 0x26
const Sn_RX_RD = 0x28
export const Sn_IMR = 0x2c

export const MR_TCP = 0x21 // with ND: acknowledge without delay
const MR_UDP = 0x02

/** Sn_CR */
const OPEN = 0x01
const LISTEN = 0x02
const CONNECT = 0x04
const DISCON = 0x08
const CLOSE = 0x10
const SEND = 0x20
const RECV = 0x40

/** Sn_SR */
export const SOCK_CLOSED = 0x00
export const SOCK_INIT = 0x13
export const SOCK_LISTEN = 0x14
export const SOCK_SYNRECV = 0x16
export const SOCK_ESTABLISHED = 0x17
export const SOCK_FIN_WAIT = 0x18
export const SOCK_CLOSE_WAIT = 0x1c
export const SOCK_LAST_ACK = 0x1d
export const SOCK_UDP = 0x22

/** Sn_IR but SENDOK: what makes a socket's bit in SIR. */
export const IR_NEWS = 0x0f

/// SPI frames (chapter 2.2) ///

export const WRITE = 0x04
export const BLOCK_SOCKET = 1
export const BLOCK_TX = 2
export const BLOCK_RX = 3
const HEADER = 3

/** Where data begins in a frame's buffer. */
export const DATA = HEADER

/** Registers 0x00 to 0x2B of a socket, in one burst. */
const STATUS_SIZE = HEADER + 0x2c

export interface Socket {
    cs: Pin
    /** bytes of its buffer, of each direction */
    size: number
    /** Sn_PORT since it was opened for TCP; 0: never */
    port: number
    /** Sn_SR, and free and received sizes, as of the last `poll` */
    sr: number
    txFree: number
    rxSize: number
    /** our side of the chip's pointers */
    txWr: number
    rxRd: number
    /** received bytes that are used up. Their room goes back with one RECV when
     * it is 3/8 of the buffer: the rest is always there to receive */
    used: number
    /** third byte of frames that read registers; for others see below */
    block: number
}

/** A socket's number in its chip. */
export function numberOf(s: Socket): number {
    return s.block >> 5
}

/** To a socket's `block`, each field of which costs 16 bytes of heap. */
const TO_WRITE = WRITE
const TO_TX = ((BLOCK_TX - BLOCK_SOCKET) << 3) | WRITE
const TO_RX = (BLOCK_RX - BLOCK_SOCKET) << 3

/** Frames that are sent as they are, and what comes back. */
const pollFrame = Buffer.alloc(STATUS_SIZE)
const status = Buffer.alloc(STATUS_SIZE)
const clearFrame = Buffer.from([0, Sn_IR, 0, IR_NEWS])
const pointerFrame = Buffer.alloc(5)
const commandFrame = Buffer.from([0, Sn_CR, 0, 0])
/** For answers nobody looks at. */
const scratch4 = Buffer.alloc(4)
const scratch5 = Buffer.alloc(5)

/// Whole chip ///

export async function writeSocket(s: Socket, at: number, data: Buffer) {
    const frame = Buffer.alloc(HEADER + data.length)
    frame[1] = at
    frame[2] = s.block + TO_WRITE
    frame.blitAt(HEADER, data, 0, data.length)
    await transfer(s.cs, frame, frame)
}

/// Sockets ///

/** The discard service, RFC 863. */
const DISCARD_PORT = 9

async function command(s: Socket, code: number) {
    commandFrame[2] = s.block + TO_WRITE
    commandFrame[3] = code
    await transfer(s.cs, commandFrame, scratch4)
}

/** Opens a TCP socket on a port. */
async function openTcp(s: Socket, port: number) {
    s.used = 0
    s.port = port
    await command(s, CLOSE)
    await writeSocket(s, Sn_MR, Buffer.from([MR_TCP]))
    await writeSocket(s, Sn_PORT, Buffer.from([port >> 8, port & 255]))
    await command(s, OPEN)
    await poll(s)
}

/** Waits for a connection to a port. */
export async function listen(s: Socket, port: number) {
    await openTcp(s, port)
    await command(s, LISTEN)
    s.sr = SOCK_LISTEN
}

/** Connects to a port. @param ip 4 bytes */
export async function connect(
    s: Socket,
    localPort: number,
    ip: Buffer,
    port: number,
) {
    await openTcp(s, localPort)
    await writePeer(s, ip, port)
    await command(s, CONNECT)
}

/** Whom a socket speaks to from now on. @param ip 4 bytes */
async function writePeer(s: Socket, ip: Buffer, port: number) {
    const to = Buffer.alloc(PEER_SIZE)
    to.blitAt(0, ip, 0, 4)
    to[4] = port >> 8
    to[5] = port
    await writeSocket(s, Sn_DIPR, to)
}

/**
 * Opens a socket for UDP, to and from the same port of an address. What comes
 * has a header of the chip's in front: `UDP_HEADER`.
 */
export async function openUdp(s: Socket, port: number, ip: Buffer) {
    s.used = 0
    s.port = 0
    await command(s, CLOSE)
    await writeSocket(s, Sn_MR, Buffer.from([MR_UDP]))
    await writeSocket(s, Sn_PORT, Buffer.from([port >> 8, port & 255]))
    await command(s, OPEN)
    await poll(s)
    await writePeer(s, ip, port)
}

/** Bytes in front of a datagram: address, port, and u16 bytes that follow. */
export const UDP_HEADER = 8

/** Bytes of a peer: 4 of its IP address, 2 of its port, high byte first. */
export const PEER_SIZE = 6

/** Who is at the other end of a connection. Not for hot paths: allocates. */
export async function readPeer(s: Socket): Promise<Buffer> {
    const frame = Buffer.alloc(HEADER + PEER_SIZE)
    frame[1] = Sn_DIPR
    frame[2] = s.block
    await transfer(s.cs, frame, frame)
    return frame.slice(HEADER)
}

/** Ends a connection in order: sends what is written, then FIN. */
export async function disconnect(s: Socket) {
    await command(s, DISCON)
}

/** Ends a connection at once and says nothing. */
export async function close(s: Socket) {
    await command(s, CLOSE)
    s.sr = SOCK_CLOSED
}

/**
 * Sends a UDP datagram of one byte. To find the MAC of the address the chip
 * broadcasts an ARP request. To the chip's own address that is the announcement
 * that it has no command for.
 */
export async function sendByte(s: Socket, ip: Buffer) {
    await openUdp(s, DISCARD_PORT, ip)
    const frame = Buffer.alloc(4)
    await writeTxAndSend(s, frame, 1)
}

/**
 * Clears a socket's interrupts and reads its state in one burst. In this order
 * nothing is missed: what comes after the clearing calls again.
 *
 * The datasheet wants 16-bit sizes read until they agree. Between our own
 * commands both sizes only grow, and the high byte is read first: a value
 * that is torn by a change is at most the true one, and never too large. A
 * size of twice the buffer and more was never the chip's: another look, of
 * which there will be one, may see better.
 */
export async function poll(s: Socket) {
    const b = status
    clearFrame[2] = s.block + TO_WRITE
    pollFrame[2] = s.block
    await transferTwice(s.cs, clearFrame, scratch4, pollFrame, b)
    const sr = b[HEADER + 0x03]
    const free = (b[HEADER + 0x20] << 8) | b[HEADER + 0x21]
    const came = (b[HEADER + 0x26] << 8) | b[HEADER + 0x27]
    if ((free | came) >= s.size << 1) {
        s.txFree = 0
        s.rxSize = 0
        return
    }
    s.txFree = free
    s.rxSize = came - s.used
    if (sr !== s.sr) {
        s.sr = sr
        s.txWr = (b[HEADER + 0x24] << 8) | b[HEADER + 0x25]
        s.rxRd = ((b[HEADER + 0x28] << 8) | b[HEADER + 0x29]) + s.used
    }
}

/** Asks for Sn_SR, and what comes. */
const srFrame = Buffer.from([0, 0x03, 0, 0])
const srAnswer = Buffer.alloc(4)

/**
 * Reads received bytes and leaves them in the chip.
 * @param frame gets them from byte 3 on, and more behind them
 * @param skip bytes since the last `consume` that are passed over
 * @returns false: they may be anything. A chip that has reset itself since it
 * was looked at gives zeros, which would be taken for a host's data
 */
export async function readRx(
    s: Socket,
    frame: Buffer,
    skip: number,
): Promise<boolean> {
    const at = s.rxRd + skip
    frame[0] = at >> 8
    frame[1] = at
    frame[2] = s.block + TO_RX
    srFrame[2] = s.block
    await transferTwice(s.cs, frame, frame, srFrame, srAnswer)
    return srAnswer[HEADER] === s.sr
}

/** Received bytes are used up. Their room goes back when it is worth it. */
export async function consume(s: Socket, count: number) {
    const at = (s.rxRd + count) & 0xffff
    const used = s.used + count
    s.rxRd = at
    s.rxSize -= count
    s.used = used
    if (used < (s.size >> 3) * 3) return
    const p = pointerFrame
    const c = commandFrame
    s.used = 0
    p[1] = Sn_RX_RD
    p[2] = s.block + TO_WRITE
    p[3] = at >> 8
    p[4] = at
    c[2] = s.block + TO_WRITE
    c[3] = RECV
    await transferTwice(s.cs, p, scratch5, c, scratch4)
}

/**
 * Writes bytes to send, from byte 3 of a frame on. What is in the frame
 * behind them is written too, into room that must be free.
 */
export async function writeTx(s: Socket, frame: Buffer, count: number) {
    const at = s.txWr
    frame[0] = at >> 8
    frame[1] = at
    frame[2] = s.block + TO_TX
    s.txWr = (at + count) & 0xffff
    s.txFree -= count
    await transfer(s.cs, frame, frame)
}

/** Writes as `writeTx` does, and sends all that is written. */
export async function writeTxAndSend(s: Socket, frame: Buffer, count: number) {
    const at = s.txWr
    const end = (at + count) & 0xffff
    const p = pointerFrame
    const c = commandFrame
    frame[0] = at >> 8
    frame[1] = at
    frame[2] = s.block + TO_TX
    s.txWr = end
    s.txFree -= count
    p[1] = Sn_TX_WR
    p[2] = s.block + TO_WRITE
    p[3] = end >> 8
    p[4] = end
    c[2] = s.block + TO_WRITE
    c[3] = SEND
    await transferThrice(s.cs, frame, frame, p, scratch5, c, scratch4)
}
