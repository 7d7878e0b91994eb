/**
 * Whether anybody on the LAN has an address: the W5500 is made to ask by ARP,
 * as WIZnet's own DHCP client does before it takes an address.
 */
import * as ds from "@devicescript/core"
import { transfer } from "../board/bus"
import {
    close,
    DATA,
    GAR,
    RCR,
    RTR,
    sendByte,
    SHAR,
    Socket,
    Sn_IR,
    writeSocket,
} from "./w5500"
import {
    ADDRESS_SIZE,
    Chip,
    resetChip,
    setAddress,
    writeCommon,
} from "./w5500chip"

/** ARP is asked twice, 3 ms apart; RTR counts tenths of them. */
const ASK_RTR = 30
const ASK_RCR = 1
/** Both have passed by then, whatever the chip says. */
const LIMIT_MS = 20

/** Sn_IR */
const SENDOK = 0x10
const TIMEOUT = 0x08
const ALL = Buffer.from([0x1f])

async function readInterrupts(s: Socket): Promise<number> {
    const frame = Buffer.alloc(DATA + 1)
    frame[1] = Sn_IR
    frame[2] = s.block
    await transfer(s.cs, frame, frame)
    return frame[DATA]
}

/**
 * Asks for an address, from a chip that has none itself: without address and
 * mask all the world is its LAN. Takes up to 6 ms.
 * @param mac six bytes, nobody else's on the LAN
 * @returns whether somebody has answered
 */
export async function isAddressUsed(
    chip: Chip,
    mac: Buffer,
    ip: Buffer,
): Promise<boolean> {
    const s = chip.sockets[0]
    const nobody = Buffer.alloc(ADDRESS_SIZE)
    nobody.blitAt(SHAR - GAR, mac, 0, 6)
    await setAddress(chip, nobody)
    await writeCommon(chip, RTR, Buffer.from([0, ASK_RTR, ASK_RCR]))
    await writeSocket(s, Sn_IR, ALL)
    await sendByte(s, ip)
    const since = ds.millis()
    let interrupts = 0
    while (interrupts === 0 && ds.millis() - since < LIMIT_MS) {
        await ds.sleep(1)
        interrupts = (await readInterrupts(s)) & (SENDOK | TIMEOUT)
    }
    const isUsed = interrupts === SENDOK
    if (isUsed) {
        // whoever it was may be gone when it is asked next: the datasheet does
        // not say how long the chip remembers an answer
        await resetChip(chip)
    } else {
        await close(s)
        await writeCommon(chip, RTR, chip.image.slice(RTR, RCR + 1))
    }
    return isUsed
}
