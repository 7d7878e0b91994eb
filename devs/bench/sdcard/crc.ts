/** The two checksums of the SD bus; Physical Layer Specification 4.5. */

/** CRC7 of a command with the end bit, as its sixth byte is sent. */
export function crc7(bytes: ArrayLike<number>) {
    let crc = 0
    for (let i = 0; i < bytes.length; i++)
        for (let bit = 7; bit >= 0; bit--) {
            const top = ((crc >> 6) ^ (bytes[i] >> bit)) & 1
            crc = ((crc << 1) & 0x7f) ^ (top ? 0x09 : 0)
        }
    return (crc << 1) | 1
}

const TABLE = Uint16Array.from({ length: 256 }, (_, i) => {
    let crc = i << 8
    for (let bit = 0; bit < 8; bit++)
        crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
    return crc
})

/** CRC-16-CCITT of a data block. */
export function crc16(bytes: Uint8Array) {
    let crc = 0
    for (let i = 0; i < bytes.length; i++)
        crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >> 8) ^ bytes[i]]
    return crc
}
