/**
 * MD5 of one block: RFC 1321. CHAP wants it (RFC 1994), and every initiator has
 * it; for nothing else is it good any more. It takes a Pico long, so that others get
 * their turn meanwhile.
 */

/** Room for the one 0x80 and the length behind a message. */
export const MD5_MESSAGE_MAX = 55
export const MD5_SIZE = 16
const BLOCK = 64

/** abs(sin(1)) to abs(sin(64)), times 2^32; u32 */
const SINES = hex`
    78a46ad7 56b7c7e8 db702024 eecebdc1 af0f7cf5 2ac68747 134630a8 019546fd
    d8988069 aff7448b b15bffff bed75c89 2211906b 937198fd 8e4379a6 2108b449
    62251ef6 40b340c0 515a5e26 aac7b6e9 5d102fd6 53144402 81e6a1d8 c8fbd3e7
    e6cde121 d60737c3 870dd5f4 ed145a45 05e9e3a9 f8a3effc d9026f67 8a4c2a8d
    4239faff 81f67187 22619d6d 0c38e5fd 44eabea4 a9cfde4b 604bbbf6 70bcbfbe
    c67e9b28 fa27a1ea 8530efd4 051d8804 39d0d4d9 e599dbe6 f87ca21f 6556acc4
    442229f4 97ff2a43 a72394ab 39a093fc c3595b65 92cc0c8f 7df4efff d15d8485
    4f7ea86f e0e62cfe 144301a3 a111084e 827e53f7 35f23abd bbd2d72a 91d386eb
`
/** How far each step of a round rotates, four rounds of four. */
const SHIFTS = hex`07 0c 11 16 05 09 0e 14 04 0b 10 17 06 0a 0f 15`
/** In round r, step i takes word (FACTOR[r] i + OFFSET[r]) mod 16. */
const FACTORS = hex`01 05 03 07`
const OFFSETS = hex`00 01 05 00`
/** A, B, C, D at the beginning */
const BEGIN = hex`01234567 89abcdef fedcba98 76543210`

function mix(round: number, b: number, c: number, d: number): number {
    if (round === 0) return (b & c) | (~b & d)
    if (round === 1) return (d & b) | (~d & c)
    return round === 2 ? b ^ c ^ d : c ^ (b | ~d)
}

/** Steps between two pauses: on a Pico they take less than 5 ms. */
const STEPS_A_PAUSE = 4

/**
 * @param message of at most `MD5_MESSAGE_MAX` bytes
 * @param pause lets others work
 * @returns `MD5_SIZE` bytes
 */
export async function md5(
    message: Buffer,
    pause: () => Promise<void>,
): Promise<Buffer> {
    const words = Buffer.alloc(BLOCK)
    words.blitAt(0, message, 0, message.length)
    words[message.length] = 0x80
    words.setAt(BLOCK - 8, "u32", message.length << 3)
    const sum = Buffer.alloc(MD5_SIZE)
    sum.blitAt(0, BEGIN, 0, MD5_SIZE)
    let a = sum.getAt(0, "i32")
    let b = sum.getAt(4, "i32")
    let c = sum.getAt(8, "i32")
    let d = sum.getAt(12, "i32")
    for (let i = 0; i < BLOCK; ++i) {
        if (i % STEPS_A_PAUSE === 0) await pause()
        const round = i >> 4
        const word = (FACTORS[round] * i + OFFSETS[round]) & 15
        let x = (a + mix(round, b, c, d)) | 0
        x = (x + words.getAt(word << 2, "i32")) | 0
        x = (x + SINES.getAt(i << 2, "i32")) | 0
        const shift = SHIFTS[(round << 2) + (i & 3)]
        a = d
        d = c
        c = b
        b = (b + ((x << shift) | (x >>> (BLOCK / 2 - shift)))) | 0
    }
    add(sum, 0, a)
    add(sum, 4, b)
    add(sum, 8, c)
    add(sum, 12, d)
    return sum
}

function add(sum: Buffer, at: number, value: number) {
    sum.setAt(at, "i32", (sum.getAt(at, "i32") + value) | 0)
}
