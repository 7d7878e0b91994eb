/**
 * CHAP: the initiator shows that it knows a secret (RFC 7143 12.1.3, RFC 1994).
 * One user and secret for the pair: a volume moves with its address, and what
 * its hosts know of it moves along.
 *
 * The challenge is not kept: it follows from a number that nobody else knows,
 * and from when the connection was made, so that it is never the same again.
 */
import { digest } from "@devicescript/crypto"
import { putPair } from "./text"
import { md5, MD5_SIZE } from "./md5"
import { Conn, since, slotOf } from "./conn"

/** CHAP_A of MD5 */
export const MD5_ALGORITHM = "5"
const CHALLENGE_SIZE = 16
/** socket and time of a connection, behind the number that nobody knows */
const SEED_SIZE = 24

let user = ""
let secret = ""
const seed = Buffer.alloc(SEED_SIZE)

/** @param theSecret "": hosts need none */
export function startChap(theUser: string, theSecret: string) {
    user = theUser
    secret = theSecret
    for (let i = 0; i < CHALLENGE_SIZE; i += 4)
        seed.setAt(i, "u32", Math.randomInt(0x7fffffff))
}

/** Whether hosts have to show that they know the secret. */
export function wantsChap(): boolean {
    return secret !== ""
}

function challengeFor(c: Conn): Buffer {
    seed.setAt(CHALLENGE_SIZE, "u32", slotOf(c))
    seed.setAt(CHALLENGE_SIZE + 4, "u32", since(c))
    return digest("sha256", seed).slice(0, CHALLENGE_SIZE)
}

/** Adds CHAP_A, CHAP_I and CHAP_C. @returns the end */
export function putChallenge(c: Conn, to: Buffer, at: number): number {
    let end = putPair(to, at, "CHAP_A", MD5_ALGORITHM)
    end = putPair(to, end, "CHAP_I", slotOf(c) + "")
    const challenge = "0x" + challengeFor(c).toString("hex")
    return putPair(to, end, "CHAP_C", challenge)
}

/**
 * Whether name and response are those of one who knows the secret.
 * @param pause lets others work: it takes a while
 */
export async function isResponse(
    c: Conn,
    name: string,
    response: string,
    pause: () => Promise<void>,
): Promise<boolean> {
    const message = Buffer.alloc(1 + secret.length + CHALLENGE_SIZE)
    message[0] = slotOf(c)
    message.blitAt(1, secret, 0, secret.length)
    message.blitAt(1 + secret.length, challengeFor(c), 0, CHALLENGE_SIZE)
    const right = await md5(message, pause)
    const isHex =
        response[0] === "0" && (response[1] === "x" || response[1] === "X")
    // base64 (0b) is allowed, too, but no initiator was seen to use it
    if (!isHex || response.length !== 2 + 2 * MD5_SIZE) return false
    const given = Buffer.from(response.slice(2), "hex")
    let difference = given.length ^ MD5_SIZE
    for (let i = 0; i < MD5_SIZE; ++i) difference |= given[i] ^ right[i]
    return difference === 0 && name === user
}
