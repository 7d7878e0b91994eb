/**
 * Heartbeats over the LAN: UDP datagrams, as large as a small record less the
 * chip's header, and with a tag of the same kind; SPEC.md chapter 2. Each is a
 * question and an answer: a sender counts as alive when the last of ours was
 * sent that it had then, so that no network, and nobody else, can make it live
 * longer.
 *
 *     head 12 | sender's nonce 8 | receiver's nonce 8 | zeros 9 | tag 16
 */

/** Head: u8 kind, u8 index of the sender, u8 1: an answer is wanted at once,
 * u8 0, u32 number (1, 2, ...), u32 number of the last that was taken. */
export const B_KIND = 0
export const B_FROM = 1
export const B_URGENT = 2
export const B_NUMBER = 4
export const B_TAKEN = 8
/** made anew at each start of the sender */
export const B_NONCE = 12
/** as far as the sender knows it */
export const B_THEIRS = 20
export const B_NONCE_SIZE = 8
export const BEAT_SIZE = 53

/** `B_KIND`: records have other sizes */
export const BEAT_KIND = 2
