/** Frames of the link as SPEC.md chapter 2 has them, made without the firmware. */
import { createHash, createHmac } from "node:crypto"

const PROOF = 152
const DIGEST = 224

/** The check of a header's first three words. */
function checkOf(header: Buffer): number {
    const [word, a, b] = [0, 4, 8].map(at => BigInt(header.readUInt32LE(at)))
    const sum = word * 3n + a * 5n + b * 7n
    return Number((sum ^ (sum >> 32n)) & 0xffffffffn)
}

/** A header with its check. @param digits 12 bytes in hex, spaces allowed */
export function header(digits: string): string {
    const bytes = Buffer.from(digits.replace(/ /g, "") + "00000000", "hex")
    bytes.writeUInt32LE(checkOf(bytes), 12)
    return bytes.toString("hex")
}

/** Whether 16 bytes are a header whose check is right. */
export function isHeader(bytes: Buffer): boolean {
    return bytes.readUInt32LE(12) === checkOf(bytes)
}

/** HELLO's payload in hex, with the proof that it knows a key (hex), and whole. */
export function withProof(payload: string, key = "00".repeat(32)): string {
    const body = Buffer.from(payload, "hex")
    const proof = createHmac("sha256", Buffer.from(key, "hex"))
        .update(body.subarray(0, PROOF))
        .digest()
    body.set(proof, PROOF)
    return withDigest(body.toString("hex"))
}

/** HELLO's payload in hex, with the digest that it must have. */
export function withDigest(payload: string): string {
    const body = Buffer.from(payload, "hex").subarray(0, DIGEST)
    const digest = createHash("sha256").update(body).digest("hex")
    return body.toString("hex") + digest
}
