/**
 * Whether a W5500 is still as it was set up. A disturbance may change a
 * register, reset the chip, or stop it; nothing tells but reading it back.
 */
import { transfer } from "../board/bus"
import {
    DATA,
    IR,
    MR,
    MR_TCP,
    PHYCFGR,
    PHYCFGR_LNK,
    PHYCFGR_RST,
    SIMR,
    SIR,
    Sn_DIPR,
    Sn_IMR,
    Sn_MR,
    Sn_PORT,
    Sn_RX_RSR,
    Sn_RXBUF_SIZE,
    Sn_SR,
    Sn_TX_FSR,
    Sn_TX_WR,
    PEER_SIZE,
    SOCK_ESTABLISHED,
    Socket,
    VERSIONR,
    W5500_VERSION,
} from "./w5500"
import { Chip, COMMON_SIZE, SOCKET_TAIL, writeCommon } from "./w5500chip"

export enum Health {
    Sound = 0,
    /** a register is wrong that connections can live with, and is set again */
    Mended,
    /** nothing can be relied on */
    Lost,
    /** no W5500 answers */
    Missing,
}

/** Noise on the bus seldom comes twice in a row. */
const LOOKS = 2
/** Words of the common registers that have MAC and IP in them. */
const ADDRESS_FROM = 0x08
const ADDRESS_END = 0x14
/** Three bytes of SIPR, and one that is 0 */
const SIPR_WORD = 0x10
const IR_CONFLICT = 0x80
/** Sn_TOS and Sn_TTL after reset, as they stand side by side */
const Sn_TOS = 0x15
const TOS_TTL = 0x8000

/** No reset, and mode by the pins: as after power-on. Others are status. */
const PHYCFGR_SET = 0xb8

/// Frames; what is sent behind their headers does not matter ///

/** SIPR to RCR: no reset leaves these alone. */
const quick = Buffer.alloc(DATA + COMMON_SIZE - SIPR_WORD)
const common = Buffer.alloc(DATA + VERSIONR + 1)
/** Registers 0x00 to 0x2F of the socket that was looked at last. */
const socket = Buffer.alloc(DATA + 0x30)

async function read(chip: Chip, at: number, block: number, frame: Buffer) {
    frame[0] = 0
    frame[1] = at
    frame[2] = block
    await transfer(chip.cs, frame, frame)
}

/** What the last `inspect` has found besides; the cable, with socket 0. */
export let hasConflict = false
export let hasCable = false

/**
 * Looks at the common registers, at all of them when it is the turn of socket
 * 0, and at one socket's.
 * @param n the socket; one that is not used is not looked at
 */
export async function inspect(chip: Chip, n: number): Promise<Health> {
    let health = Health.Sound
    if (n === 0 || !(await isKept(chip)))
        for (let i = 0; i < LOOKS; ++i) {
            await read(chip, MR, 0, common)
            health = judgeCommon(chip.image)
            if (health === Health.Sound && !hasConflict) break
        }
    if (hasConflict) await writeCommon(chip, IR, Buffer.from([IR_CONFLICT]))
    if (health >= Health.Lost || n >= chip.sockets.length) return health
    const s = chip.sockets[n]
    for (let i = 0; i < LOOKS; ++i) {
        await read(chip, Sn_MR, s.block, socket)
        if (isSound(s)) return health
    }
    return Health.Lost
}

/** A quick look: what every reset changes is as it was, and nothing has come. */
async function isKept(chip: Chip): Promise<boolean> {
    const b = quick
    const image = chip.image
    hasConflict = false
    await read(chip, SIPR_WORD, 0, b)
    return (
        (b[DATA + IR - SIPR_WORD] & IR_CONFLICT) === 0 &&
        b.getAt(DATA, "u32") === image.getAt(SIPR_WORD, "u32") &&
        b.getAt(DATA + SIMR - SIPR_WORD, "u32") === image.getAt(SIMR, "u32")
    )
}

function judgeCommon(image: Buffer): Health {
    const b = common
    hasConflict = false
    if (b[DATA + VERSIONR] !== W5500_VERSION) return Health.Missing
    const phy = b[DATA + PHYCFGR]
    hasCable = (phy & PHYCFGR_LNK) !== 0
    hasConflict = (b[DATA + IR] & IR_CONFLICT) !== 0
    b[DATA + IR] = 0
    b[DATA + SIR] = 0
    let health =
        (phy & PHYCFGR_SET) === PHYCFGR_SET ? Health.Sound : Health.Mended
    for (let at = 0; at < COMMON_SIZE; at += 4) {
        if (b.getAt(DATA + at, "u32") === image.getAt(at, "u32")) continue
        if (at >= ADDRESS_FROM && at < ADDRESS_END) return Health.Lost
        health = Health.Mended
    }
    return health
}

function word(at: number): number {
    return (socket[DATA + at] << 8) | socket[DATA + at + 1]
}

function isSound(s: Socket): boolean {
    const b = socket
    const kb = s.size >> 10
    if (
        word(Sn_RXBUF_SIZE) !== kb * 0x101 ||
        word(Sn_RX_RSR) > s.size ||
        word(Sn_TX_FSR) > s.size ||
        b.getAt(DATA + Sn_TOS, "u16") !== TOS_TTL ||
        b.getAt(DATA + Sn_IMR, "u32") !== SOCKET_TAIL.getAt(0, "u32")
    )
        return false
    if (s.port === 0) return true
    if (b[DATA + Sn_MR] !== MR_TCP || word(Sn_PORT) !== s.port) return false
    // all that was written is sent by now
    const isConnected =
        s.sr === SOCK_ESTABLISHED && b[DATA + Sn_SR] === SOCK_ESTABLISHED
    return !isConnected || word(Sn_TX_WR) === s.txWr
}

/** Who was at the other end of the socket that was looked at last. */
export function copyPeer(to: Buffer, at: number) {
    to.blitAt(at, socket, DATA + Sn_DIPR, PEER_SIZE)
}

/** Sets the common registers again; connections go on. */
export async function mend(chip: Chip) {
    await writeCommon(chip, MR, chip.image)
    if ((common[DATA + PHYCFGR] & PHYCFGR_SET) === PHYCFGR_SET) return
    // a mode counts from the PHY's next reset (4.1)
    const set = Buffer.from([PHYCFGR_SET & ~PHYCFGR_RST])
    await writeCommon(chip, PHYCFGR, set)
    set[0] = PHYCFGR_SET
    await writeCommon(chip, PHYCFGR, set)
}
