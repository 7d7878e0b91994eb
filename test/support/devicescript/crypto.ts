/** `@devicescript/crypto`, as much as the firmware uses. */
import { createHash, createHmac, randomBytes } from "node:crypto"
import { bytes } from "../devicescript.ts"

export function digest(
    algorithm: "sha256",
    ...data: (Buffer | string)[]
): Buffer {
    const hash = createHash(algorithm)
    for (const d of data)
        if (typeof d === "string") hash.update(d)
        else hash.update(d.toString("hex"), "hex")
    return bytes(hash.digest("hex"))
}

export function hmac(
    key: Buffer,
    algorithm: "sha256",
    ...data: Buffer[]
): Buffer {
    const hash = createHmac(algorithm, Uint8Array.from(key))
    for (const d of data) hash.update(d.toString("hex"), "hex")
    return bytes(hash.digest("hex"))
}

export function randomBuffer(size: number): Buffer {
    return bytes(randomBytes(size).toString("hex"))
}
