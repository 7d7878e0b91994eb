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
 * Whose block a byte belongs to, somewhere in a stream of blocks and other
 * things: some whole word near it tells.
 * @returns `undefined`: no block is near
 */
export function ownerAt(data: Uint8Array, at: number) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.length)
    const from = Math.max(0, at - 2 * WORD)
    const to = Math.min(bytes.length - WORD, at + WORD)
    for (let i = from; i <= to; i++) {
        const isWord =
            bytes.readUInt16LE(i) === MAGIC &&
            bytes.readUInt32LE(i + 8) === ~bytes.readUInt32LE(i + 12) >>> 0
        if (isWord)
            return {
                volume: bytes.readUInt16LE(i + 2),
                lba: bytes.readUInt32LE(i + 4),
            }
    }
    return undefined
}
