/**
 * Records: how frames of the pair go over the LAN, where anybody may speak;
 * SPEC.md chapter 2. A record is whole frames between a head and a tag, padded
 * with zeros to one of two sizes:
 *
 *     head 12 | frames | zeros | tag 16
 *
 * The tag is the beginning of the HMAC-SHA-256 of three zeros and the record,
 * with zeros in the tag's place. For a connection's first record in either
 * direction, the key is the pair's. It has no frames, but a nonce; both boards'
 * nonces make the key of all others, so that nothing that was ever said before
 * is worth anything. The second is empty: it shows that its sender has the key.
 */
import { hmac } from "@devicescript/crypto"

/** Head: u8 size (0 small, 1 large), u8 index of the sender, u16 bytes of
 * frames, u32 number (0, 1, ...), u32 records that the sender has taken. */
export const R_SIZE = 0
export const R_FROM = 1
export const R_LENGTH = 2
export const R_NUMBER = 4
export const R_TAKEN = 8
export const RECORD_HEAD = 12
export const RECORD_TAG = 16

/** Two frames without a payload, and two blocks with their header, are the
 * most that the small and the large one take. */
export const SMALL_RECORD = 61
export const LARGE_RECORD = 1085
/** In front of a record in its buffer: the chip's address, for the bus. */
export const RECORD_AT = 3
/** Head and frames of the largest. */
export const RECORD_END = LARGE_RECORD - RECORD_TAG

export const NONCE_SIZE = 16

/** TCP port at both boards' home ports. */
export const LAN_PORT = 3261

/**
 * The tag that the record in `b` should have; what is in its place gets lost.
 * @param b the record and `RECORD_AT` bytes in front of it, which get lost, too
 * @returns RECORD_TAG bytes, and more
 */
export function recordTag(key: Buffer, b: Buffer): Buffer {
    b.fillAt(0, RECORD_AT, 0)
    b.fillAt(b.length - RECORD_TAG, RECORD_TAG, 0)
    return hmac(key, "sha256", b)
}

/** The key of all records but the first ones. */
export function sessionKey(key: Buffer, ofA: Buffer, ofB: Buffer): Buffer {
    return hmac(key, "sha256", ofA, ofB)
}
