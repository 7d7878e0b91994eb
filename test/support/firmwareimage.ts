/** Firmware images that stand in for DeviceScript's own, which are not ours. */
import type { Kind } from "../../devs/bundle/kinds.ts"

export const FIRMWARE_BYTES = 500 * 1024 + 77
export const FLASH_BASE = { uf2: 0x10000000, bin: 0 }
const RP2040_FAMILY = 0xe48bff56

/** The firmware itself. An ESP32's has a hole for the board's configuration. */
export function code({ format }: Kind): Uint8Array {
    const bytes = Uint8Array.from(
        { length: FIRMWARE_BYTES },
        (_, k) => (k * 7) % 251,
    )
    return format === "uf2" ? bytes : bytes.fill(0xff, 0x9000, 0x10000)
}

/** What a firmware image for a kind of board looks like. */
export function standIn(kind: Kind): Uint8Array {
    const { format } = kind
    const bytes = code(kind)
    if (format === "bin") return bytes
    const blocks = Math.ceil(bytes.length / 256)
    const file = Buffer.alloc(blocks * 512)
    for (let k = 0; k < blocks; k++) {
        const at = k * 512
        const header = [
            0x0a324655,
            0x9e5d5157,
            0x2000,
            FLASH_BASE.uf2 + k * 256,
            256,
            k,
            blocks,
            RP2040_FAMILY,
        ]
        header.forEach((word, n) => file.writeUInt32LE(word, at + 4 * n))
        file.set(bytes.subarray(k * 256, k * 256 + 256), at + 32)
        file.writeUInt32LE(0x0ab16f30, at + 508)
    }
    return file
}
