/** A W5500 as a whole: what it is set up with, and its common registers. */
import { Pin } from "../board/board"
import { transfer } from "../board/bus"
import {
    BLOCK_SOCKET,
    DATA,
    GAR,
    IR_NEWS,
    MR,
    RCR,
    RTR,
    SIMR,
    SIR,
    Sn_IMR,
    Sn_RXBUF_SIZE,
    SOCK_CLOSED,
    Socket,
    VERSIONR,
    W5500_VERSION,
    WRITE,
    writeSocket,
} from "./w5500"

const MR_RST = 0x80

/**
 * Sn_KPALVTR: a connection in which nothing is said is probed every 15 s, in
 * units of 5 s. A host that has vanished does not answer, and RTR and RCR tell
 * when it is given up: 21 s together at most.
 */
const KEEP_ALIVE = 3

/** Registers 0x2C to 0x2F: Sn_IMR, Sn_FRAG as it always is, Sn_KPALVTR. */
export const SOCKET_TAIL = Buffer.from([IR_NEWS, 0x40, 0x00, KEEP_ALIVE])

/** Common registers 0x00 to 0x1B: all that are set, but PHYCFGR. */
export const COMMON_SIZE = RCR + 1

export interface Chip {
    name: string
    cs: Pin
    sockets: Socket[]
    /** the common registers as they have to be; IR and SIR are 0 here */
    image: Buffer
    /** a W5500 answered when it was last set up */
    answers: boolean
}

/**
 * @param kilobytes of each direction for sockets 0, 1, ...; 16 together
 * @param retryMs first wait for a TCP answer; each next one is twice as long
 * @param retries until TCP gives up
 */
export function makeChip(
    name: string,
    cs: Pin,
    kilobytes: number[],
    retryMs: number,
    retries: number,
): Chip {
    const image = Buffer.alloc(COMMON_SIZE)
    const rtr = retryMs * 10
    image[SIMR] = 0xff
    image[RTR] = rtr >> 8
    image[RTR + 1] = rtr
    image[RCR] = retries
    const sockets: Socket[] = []
    for (let n = 0; n < kilobytes.length; ++n) {
        const block = (n * 4) << 3
        sockets.push({
            cs,
            size: kilobytes[n] << 10,
            port: 0,
            sr: 0,
            txFree: 0,
            rxSize: 0,
            txWr: 0,
            rxRd: 0,
            used: 0,
            block: block | (BLOCK_SOCKET << 3),
        })
    }
    return { name, cs, sockets, image, answers: false }
}

/** Reads common registers. Not for hot paths: allocates. */
export async function readCommon(chip: Chip, at: number, count: number) {
    const frame = Buffer.alloc(DATA + count)
    frame[1] = at
    await transfer(chip.cs, frame, frame)
    return frame.slice(DATA)
}

/** Whether a W5500 answers. */
async function isThere(chip: Chip): Promise<boolean> {
    return (await readCommon(chip, VERSIONR, 1))[0] === W5500_VERSION
}

/** Writes common registers. Not for hot paths: allocates. */
export async function writeCommon(chip: Chip, at: number, data: Buffer) {
    const frame = Buffer.alloc(DATA + data.length)
    frame[1] = at
    frame[2] = WRITE
    frame.blitAt(DATA, data, 0, data.length)
    await transfer(chip.cs, frame, frame)
}

/**
 * Resets the chip and sets it up as its image says. All connections end, and
 * nobody hears of it.
 * @returns whether a W5500 answers
 */
export async function resetChip(chip: Chip): Promise<boolean> {
    chip.answers = false
    if (!(await isThere(chip))) return false
    await writeCommon(chip, MR, Buffer.from([MR_RST]))
    await writeCommon(chip, MR, chip.image)
    const both = Buffer.alloc(2)
    for (let n = 0; n < 8; ++n) {
        const s = chip.sockets[n]
        if (s) {
            both.fillAt(0, 2, s.size >> 10)
            s.sr = SOCK_CLOSED
            s.port = 0
            await writeSocket(s, Sn_RXBUF_SIZE, both)
            await writeSocket(s, Sn_IMR, SOCKET_TAIL)
        } else {
            const frame = Buffer.from([0, Sn_RXBUF_SIZE, 0, 0, 0])
            frame[2] = ((n * 4 + BLOCK_SOCKET) << 3) | WRITE
            await transfer(chip.cs, frame, frame)
        }
    }
    chip.answers = await isThere(chip)
    return chip.answers
}

/** Bytes of a chip's address: gateway, mask, MAC and IP. */
export const ADDRESS_SIZE = 18

/** Gives the chip its address; effective at once. @param address `ADDRESS_SIZE` bytes */
export async function setAddress(chip: Chip, address: Buffer) {
    chip.image.blitAt(GAR, address, 0, ADDRESS_SIZE)
    await writeCommon(chip, GAR, address)
}

const sirFrame = Buffer.alloc(4)

/** Bits of the sockets that have news since their last command. */
export async function readSir(chip: Chip) {
    sirFrame[0] = 0
    sirFrame[1] = SIR
    sirFrame[2] = 0
    await transfer(chip.cs, sirFrame, sirFrame)
    return sirFrame[3]
}
