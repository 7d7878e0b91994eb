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
/**
 * Nothing that we have to understand is longer; a target's name is the longest.
 * Longer ones would take the heap's last holes: a text takes two of its size.
 */
const MAX_TEXT = 80
/** Longer texts are only ASCII: of broken bytes the VM makes three times as many. */
const MAX_WIDE = 64

/**
 * Bytes from outside as text; `BROKEN` when they are too many, or end within a
 * character: for the rest of it the VM reads on behind the buffer's end, and what
 * it makes of what it finds there may be no text at all. It panics when it meets
 * it again (DeviceScript 2.16, utf8.c).
 */
export function textIn(b: Buffer, from: number, end: number): string {
    const isCut = b[end - 1] >= 0xc0 || b[end - 2] >= 0xe0 || b[end - 3] >= 0xf0
    const size = end - from
    if (isCut || size > MAX_TEXT) return BROKEN
    if (size > MAX_WIDE)
        for (let i = from; i < end; ++i) if (b[i] & 0x80) return BROKEN
    return b.slice(from, end).toString()
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
