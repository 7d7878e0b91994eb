/** `@devicescript/crypto`, as much as the firmware uses. */
import { createHash, createHmac } from "node:crypto"
import { bytes } from "../devicescript.ts"

export function digest(algorithm: "sha256", data: Buffer | string): Buffer {
    const hash = createHash(algorithm)
    if (typeof data === "string") hash.update(data)
    else hash.update(data.toString("hex"), "hex")
    return bytes(hash.digest("hex"))
}

export function hmac(key: Buffer, algorithm: "sha256", data: Buffer): Buffer {
    const hash = createHmac(algorithm, Uint8Array.from(key))
    return bytes(hash.update(data.toString("hex"), "hex").digest("hex"))
}
