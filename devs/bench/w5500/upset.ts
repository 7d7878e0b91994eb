/**
 * Single event upsets: one bit of one register flips. Only bits that keep what
 * they are given can; commands, interrupts and states are no such bits.
 */
import type { Random } from "../../sim/random.ts"
import { Common, Sn, SOCKETS } from "./registers.ts"

interface Register {
    name: string
    at: number
    bytes: number
    /** bits of its one byte that keep what they are given; all when absent */
    kept?: number
}

const COMMON: Register[] = [
    // WOL, PB, PPPoE, FARP: RST clears itself
    { name: "MR", at: Common.MR, bytes: 1, kept: 0x3a },
    { name: "GAR", at: Common.GAR, bytes: 4 },
    { name: "SUBR", at: Common.SUBR, bytes: 4 },
    { name: "SHAR", at: Common.SHAR, bytes: 6 },
    { name: "SIPR", at: Common.SIPR, bytes: 4 },
    { name: "INTLEVEL", at: Common.INTLEVEL, bytes: 2 },
    { name: "IMR", at: Common.IMR, bytes: 1, kept: 0xf0 },
    { name: "SIMR", at: Common.SIMR, bytes: 1 },
    { name: "RTR", at: Common.RTR, bytes: 2 },
    { name: "RCR", at: Common.RCR, bytes: 1 },
    // RST, OPMD, OPMDC: the rest tells the link's state
    { name: "PHYCFGR", at: Common.PHYCFGR, bytes: 1, kept: 0xf8 },
]

const SOCKET: Register[] = [
    { name: "MR", at: Sn.MR, bytes: 1 },
    { name: "PORT", at: Sn.PORT, bytes: 2 },
    { name: "DIPR", at: Sn.DIPR, bytes: 4 },
    { name: "DPORT", at: Sn.DPORT, bytes: 2 },
    { name: "IMR", at: Sn.IMR, bytes: 1, kept: 0x1f },
    { name: "RXBUF_SIZE", at: Sn.RXBUF_SIZE, bytes: 1 },
    { name: "TXBUF_SIZE", at: Sn.TXBUF_SIZE, bytes: 1 },
    { name: "TX_WR", at: Sn.TX_WR, bytes: 2 },
    { name: "RX_RD", at: Sn.RX_RD, bytes: 2 },
]

/** Common registers are hit as often as those of all sockets together. */
const COMMON_CHANCE = 1 / 2

export interface Upset {
    /** of a socket's register */
    socket?: number
    /** the byte's address, and its bit that flips */
    at: number
    mask: number
    /** such as "SIPR bit 5" or "S1_DPORT bit 12" */
    text: string
}

export function drawUpset(random: Random): Upset {
    const socket = random.chance(COMMON_CHANCE)
        ? undefined
        : random.int(0, SOCKETS - 1)
    const { name, at, bytes, kept } = random.pick(
        socket === undefined ? COMMON : SOCKET,
    )
    const bits = Array.from({ length: bytes * 8 }, (_, n) => n)
    const bit = random.pick(bits.filter(n => !kept || kept & (1 << n)))
    const owner = socket === undefined ? "" : `S${socket}_`
    return {
        socket,
        at: at + bytes - 1 - (bit >> 3), // the highest byte comes first
        mask: 1 << (bit & 7),
        text: `${owner}${name} bit ${bit}`,
    }
}
