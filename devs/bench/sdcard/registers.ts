/** The card's registers; Physical Layer Specification chapters 4.3.10 and 5. */
import { crc7 } from "./crc.ts"

const MANUFACTURER = 0x54
const PRODUCT = "TWSIM"
const SERIAL = 0x20261101

/** Card identification, 5.2. */
export function cid() {
    const r = Buffer.alloc(16)
    r[0] = MANUFACTURER
    r.write("TW", 1)
    r.write(PRODUCT, 3)
    r[8] = 0x10
    r.writeUInt32BE(SERIAL, 9)
    r.writeUInt16BE(((26 << 4) | 11) & 0xfff, 13)
    r[15] = crc7(r.subarray(0, 15))
    return r
}

/** Card-specific data, 5.3: version 2 for block-addressed cards, else 1. */
export function csd(sectors: number, blockAddressed: boolean) {
    const r = Buffer.alloc(16)
    r[1] = 0x0e // TAAC: 1 ms
    r[3] = 0x32 // TRAN_SPEED: 25 MHz
    r.writeUInt16BE(0x5b59, 4) // command classes, READ_BL_LEN: 512 B
    r[12] = 0x0a // R2W_FACTOR, WRITE_BL_LEN: 512 B
    r[13] = 0x40
    if (blockAddressed) {
        r[0] = 0x40
        r.writeUIntBE(Math.floor(sectors / 1024) - 1, 7, 3)
        r[10] = 0x7f // ERASE_BLK_EN, SECTOR_SIZE: fixed in version 2
        r[11] = 0x80
    } else {
        const mult = 7
        const size = Math.floor(sectors / (1 << (mult + 2))) - 1
        r[6] = (size >> 10) & 3
        r[7] = size >> 2
        r[8] = (size & 3) << 6
        r[9] = mult >> 1
        r[10] = (mult & 1) << 7
    }
    r[15] = crc7(r.subarray(0, 15))
    return r
}

/** SD configuration, 5.6: specification 3.0, CMD23 not supported. */
export function scr() {
    return Buffer.from([0x02, 0x35, 0x80, 0, 0, 0, 0, 0])
}

/** Answer of CMD6, 4.3.10.4. @param result of function group 1 */
export function switchStatus(highSpeed: boolean, result: number) {
    const r = Buffer.alloc(64)
    r.writeUInt16BE(100, 0) // mA
    for (let group = 6; group >= 2; group--)
        r.writeUInt16BE(0x8001, 2 + (6 - group) * 2)
    r.writeUInt16BE(highSpeed ? 0x8003 : 0x8001, 12)
    r[16] = result
    return r
}
