/**
 * Big-endian numbers, which networks and SCSI use and `getAt` does not know.
 * About 70 µs each on a Pico: hot paths compare raw bytes instead.
 */

export function get16(b: Buffer, at: number): number {
    return (b[at] << 8) | b[at + 1]
}

export function get24(b: Buffer, at: number): number {
    return (b[at] << 16) | (b[at + 1] << 8) | b[at + 2]
}

/** @returns 0 to 4294967295 */
export function get32(b: Buffer, at: number): number {
    return (
        ((b[at] << 24) | (b[at + 1] << 16) | (b[at + 2] << 8) | b[at + 3]) >>> 0
    )
}

export function put16(b: Buffer, at: number, v: number) {
    b[at] = v >> 8
    b[at + 1] = v
}

export function put24(b: Buffer, at: number, v: number) {
    b[at] = v >> 16
    b[at + 1] = v >> 8
    b[at + 2] = v
}

export function put32(b: Buffer, at: number, v: number) {
    b[at] = v >> 24
    b[at + 1] = v >> 16
    b[at + 2] = v >> 8
    b[at + 3] = v
}

/** Adds one to a 32-bit number, cheaply as long as one byte is enough. */
export function increment32(b: Buffer, at: number) {
    const low = b[at + 3] + 1
    b[at + 3] = low
    if (low > 255) put32(b, at, (get32(b, at) + 256) | 0)
}

/** Stands in a text for bytes that are no character. */
export const BROKEN = "\ufffd"
/** Longer texts are only ASCII: of broken bytes the VM makes three times as many. */
const MAX_WIDE = 64

/**
 * Bytes from outside as text; `BROKEN` when they end within a character. For the
 * rest of one the VM reads on behind a buffer's end, and what it makes of what it
 * finds there may be no text at all: it panics when it meets it again
 * (DeviceScript 2.16, utf8.c).
 */
export function textIn(b: Buffer, from: number, end: number): string {
    const isCut = b[end - 1] >= 0xc0 || b[end - 2] >= 0xe0 || b[end - 3] >= 0xf0
    if (isCut || (end - from > MAX_WIDE && !isAscii(b, from, end)))
        return BROKEN
    return b.slice(from, end).toString()
}

function isAscii(b: Buffer, from: number, end: number): boolean {
    for (; from + 4 <= end; from += 4)
        if (b.getAt(from, "u32") & 0x80808080) return false
    for (; from < end; ++from) if (b[from] & 0x80) return false
    return true
}

/** Writes text and fills the rest of its field. */
export function putText(
    b: Buffer,
    at: number,
    size: number,
    text: string,
    fill: number,
) {
    b.fillAt(at, size, fill)
    b.blitAt(at, text, 0, Math.min(text.length, size))
}
