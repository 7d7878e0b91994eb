/** Blocks that tell what they are: whose, where, and which write's. */
import { BLOCK } from "../initiator/scsi.ts"

/** What a block that was never written holds. */
export const BLANK = 0
/** What is no write's value: torn, damaged, or of another block. */
export const GARBAGE = -1

const WORD = 16
const MAGIC = 0x5457

/**
 * A block is its address and a value, repeated.
 * @param volume 0 for a, 1 for b
 * @param value unique in a history, 1 or more
 */
export function fillBlock(
    data: Buffer,
    at: number,
    volume: number,
    lba: number,
    value: number,
) {
    for (let i = at; i < at + BLOCK; i += WORD) {
        data.writeUInt16LE(MAGIC, i)
        data.writeUInt16LE(volume, i + 2)
        data.writeUInt32LE(lba, i + 4)
        data.writeUInt32LE(value, i + 8)
        data.writeUInt32LE(~value >>> 0, i + 12)
    }
}

/** @returns the value of a block that is whole; BLANK; or GARBAGE */
export function valueOf(
    data: Buffer,
    at: number,
    volume: number,
    lba: number,
): number {
    const block = data.subarray(at, at + BLOCK)
    if (block.every(b => b === 0)) return BLANK
    const value = block.readUInt32LE(8)
    const whole = Buffer.alloc(BLOCK)
    fillBlock(whole, 0, volume, lba, value)
    return whole.equals(block) ? value : GARBAGE
}

/** Blocks from `lba` on, one for each value. */
export function blocksOf(volume: number, lba: number, values: number[]) {
    const data = Buffer.alloc(values.length * BLOCK)
    values.forEach((v, i) => fillBlock(data, i * BLOCK, volume, lba + i, v))
    return data
}

/**
 * Whether a byte may be of a block that nobody has written: zeros do not tell
 * whose they are. But for HELLO's fillers, no frame has as many in a row as a
 * block's word has bytes; at either end of the data there may have been more.
 */
export function isBlankAt(data: Uint8Array, at: number): boolean {
    if (data[at] !== 0) return false
    let from = at
    let to = at
    while (from >= 0 && data[from] === 0) from--
    while (to < data.length && data[to] === 0) to++
    return from < 0 || to === data.length || to - from > WORD
}

/**
 * Whose block a byte belongs to, somewhere in a stream of blocks and other
 * things: the word tells that it is in; or, if that is cut off, one near it.
 * @returns `undefined`: no block is near
 */
export function ownerAt(data: Uint8Array, at: number) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
    const isWord = (i: number) =>
        i >= 0 &&
        i + WORD <= bytes.length &&
        bytes.readUInt16LE(i) === MAGIC &&
        bytes.readUInt32LE(i + 8) === ~bytes.readUInt32LE(i + 12) >>> 0
    const from = (first: number, count: number) =>
        Array.from({ length: count }, (_, k) => first + k).find(isWord)
    // the last word of the block before is no better than one behind
    const i =
        from(at - WORD + 1, WORD) ??
        from(at + 1, WORD) ??
        from(at - 2 * WORD, WORD + 1)
    if (i === undefined) return undefined
    return {
        volume: bytes.readUInt16LE(i + 2),
        lba: bytes.readUInt32LE(i + 4),
    }
}
