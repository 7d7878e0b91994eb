/**
 * Frames between the two boards; SPEC.md chapter 2. All numbers are
 * little-endian.
 *
 * A frame is a header of 16 bytes; HELLO, WRITE, PART and FETCHED have a
 * payload, and the last three a trailer. What has no whole trailer was never written.
 */
import { digest, hmac } from "@devicescript/crypto"
import { textIn } from "./bytes"

export const LINK_HEADER = 16
export const LINK_TRAILER = 8
export const LINK_VERSION = 8

/** Board a's and board b's address on the cable: 169.254.77.1 and .2 */
export function linkIp(index: number): Buffer {
    return Buffer.from([169, 254, 77, 1 + index])
}

/** Header: u8 type, u8 volume, u16 c, u32 a, u32 b, i32 check. */
export const L_TYPE = 0
export const L_VOLUME = 1
export const L_C = 2
export const L_A = 4
export const L_B = 8
export const L_CHECK = 12

/**
 * The check of a header, i32: with its first word and a and b as u32, `sum` is
 * 3 word + 5 a + 7 b, and the check is `sum ^ (sum / CHECK_FOLD)`.
 *
 * TCP's checksum has 16 bits, and sees nothing of what the SPI bus does. The
 * sum is exact in a double, and what is above 32 bits counts too: no two bits
 * that are wrong, wherever, cancel out. (A rest by `%` would do the same, but
 * `%` knows 32-bit integers only.) It stands in pair/link.ts twice, because a
 * call would cost as much as the sum.
 */
export const CHECK_FOLD = 0x100000000

/** Trailer: the sequence number again, and this. */
export const TRAILER_MAGIC = 0x444e4557 // "WEND"

export enum Frame {
    None = 0,
    /** who I am: payload of HELLO_SIZE bytes */
    Hello = 1,
    /** a: sequence, b: LBA, c: blocks and, from bit 8, the place in the pool */
    Write = 2,
    /** of a volume that the sender mirrors. a: committed, b: durable */
    Stored = 3,
    /** of a volume at its home: tell me when a is durable */
    Sync = 4,
    /** nothing but that I live */
    Ping = 5,
    /** a session of the sender's port for a volume. a: the host's IP address,
     * b: its port and, from bit 16, the socket; both as in Sn_DIPR and
     * Sn_DPORT; 0: gone */
    Host = 6,
    /** bring my copy up to date. a: its epoch, b: its flags */
    Want = 7,
    /** it begins: the next write has the number after a. b: the epoch */
    Resync = 8,
    /** nothing is missing any more when a is durable. b: the epoch */
    Join = 9,
    /** it is durable, and the card says so. a: the epoch */
    Joined = 10,
    /** serve the volume: a is the last write there is. b: the epoch */
    Give = 11,
    /** give me your own volume */
    Take = 12,
    /** compare c blocks from a on: payload of VERIFY_SIZE bytes, b: its check */
    Verify = 13,
    /** of the blocks from a on these fours differ: a bit each in b; 0x100: my
     * card cannot read them */
    Verified = 14,
    /** my card cannot read c blocks from a on: send me yours */
    Fetch = 15,
    /** those, as WRITE has them; c: 0 when there are none to send */
    Fetched = 16,
    /** as WRITE, the first blocks of it: the others follow */
    Part = 17,
}

/** Why a connection ends on which something came wrong. */
export const DAMAGED = "damaged frame"

export const HELLO_SIZE = 256
/** for each four of eight blocks, the first eight bytes of a SHA-256 */
export const VERIFY_SIZE = 16

/** The check of the payload of a VERIFY there: its four words, "exclusive or". */
export function verifyCheck(b: Buffer, at: number): number {
    let check = 0
    for (let i = 0; i < VERIFY_SIZE; i += 4) check ^= b.getAt(at + i, "i32")
    return check >>> 0
}

/** Payload of HELLO. */
export const H_VERSION = 0
export const H_INDEX = 1
/** blocks of the sender's pool that the receiver may fill */
export const H_MIRROR_BLOCKS = 2
/** 1: the sender has met its partner before, since it started */
export const H_DECIDED = 3
/** u32: which pair; both boards have the same number */
export const H_PAIR = 4
/** u32: a number that is new with each start of the sender */
export const H_BOOT = 8
/** two entries of 16 bytes, one a volume: u32 epoch, u32 flags, u32 blocks */
export const H_VOLUMES = 16
export const H_VOLUME_SIZE = 16
/** the sender's identity, `IDENTITY_SIZE` bytes */
export const H_IDENTITY = 48
/** u32 for each volume: the epoch in which both copies were last equal */
export const H_BASES = 144

/** HMAC-SHA-256 of all that is before it, with the pair's key */
export const H_PROOF = 152
export const KEY_SIZE = 32
/** SHA-256 of all that is before it */
export const H_DIGEST = 224

/** What is digested; a buffer of its own, for `digest` takes whole ones. */
const helloBody = Buffer.alloc(H_DIGEST)

/** The digest of the HELLO whose payload is there. */
export function helloDigest(b: Buffer, at: number): Buffer {
    helloBody.blitAt(0, b, at, H_DIGEST)
    return digest("sha256", helloBody)
}

/** What only a board with the pair's key can put into the HELLO there. */
export function helloProof(key: Buffer, b: Buffer, at: number): Buffer {
    return hmac(key, "sha256", b.slice(at, at + H_PROOF))
}

/** An identity: what a port needs to be someone. */
export const IDENTITY_SIZE = 96
/** gateway, mask, MAC and IP as the W5500 wants them: 4 + 4 + 6 + 4 bytes */
export const ID_ADDRESS = 0
export const ID_ADDRESS_SIZE = 18
export const ID_MAC = 8
export const ID_IP = 14
/** u16 */
export const ID_PORT = 18
/** u8 length, then the target's name */
export const ID_NAME_LENGTH = 20
export const ID_NAME = 21
export const ID_NAME_MAX = IDENTITY_SIZE - ID_NAME

/** The target name in an identity. */
export function nameIn(identity: Buffer): string {
    return textIn(identity, ID_NAME, ID_NAME + identity[ID_NAME_LENGTH])
}

/** TCP port in an identity. */
export function tcpPortIn(identity: Buffer): number {
    return identity.getAt(ID_PORT, "u16")
}

/** IP address in an identity, as text. */
export function ipIn(identity: Buffer): string {
    const ip: number[] = []
    for (let i = 0; i < 4; ++i) ip.push(identity[ID_IP + i])
    return ip.join(".")
}
