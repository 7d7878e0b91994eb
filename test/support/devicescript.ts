/**
 * Firmware sources in Node: what they expect of DeviceScript, without its VM.
 *
 *     useDeviceScript()
 *     const { get16 } = await import("../../src/wire/bytes.ts")
 *
 * Imports of firmware must be dynamic: static ones come before the hooks.
 */
import { register } from "node:module"
import type { Fiber } from "./devicescript/core.ts"
import { Buffer as DeviceBuffer } from "./devicescript/globals.ts"

// In types, DeviceScript's buffers are Node's with some methods more: one
// program cannot have two global classes of one name.
declare global {
    interface Buffer {
        getAt(offset: number, format: string): number
        setAt(offset: number, format: string, value: number): void
        blitAt(
            offset: number,
            src: Buffer | string,
            srcOffset: number,
            length: number,
        ): void
        fillAt(offset: number, length: number, value: number): void
        concat(other: Buffer): Buffer<ArrayBuffer>
        indexOf(byte: number, start?: number, end?: number): number
    }
    function hex(literal: TemplateStringsArray): Buffer
    interface Function {
        start(): Fiber
    }
    interface Math {
        idiv(a: number, b: number): number
        randomInt(max: number): number
    }
}

/**
 * Prepares this process to import firmware. Call once, first.
 * @param standIns modules below src/, such as "drivers/sdcard", by the URL of
 * what is imported in their place
 */
export function useDeviceScript(standIns: Record<string, string> = {}) {
    const parentURL = import.meta.url
    register("./devicescript/hooks.mjs", { parentURL, data: standIns })
}

let boards = 0

/**
 * A number for a board of its own, in imports of firmware:
 *
 *     const tag = newBoard()
 *     const log: typeof import("../../src/store/log.ts") =
 *         await import(`../../src/store/log.ts${tag}`)
 */
export function newBoard(): string {
    return `?${++boards}`
}

/** A buffer of the firmware's kind. @param digits hex, spaces allowed */
export function bytes(digits: string): Buffer {
    const plain = digits.replace(/\s/g, "")
    if (!/^([0-9a-f]{2})*$/i.test(plain)) throw new Error(`not hex: ${digits}`)
    return DeviceBuffer.from(plain, "hex") as unknown as Buffer
}

/** Zeros, in a buffer of the firmware's kind. */
export function zeros(size: number): Buffer {
    return DeviceBuffer.alloc(size) as unknown as Buffer
}

/** Text, in a buffer of the firmware's kind. */
export function text(s: string): Buffer {
    return DeviceBuffer.from(s) as unknown as Buffer
}

/** Bytes as pairs of digits with spaces between, four bytes a line's word. */
export function digits(b: Buffer, at = 0, end = b.length): string {
    return b
        .slice(at, end)
        .toString("hex")
        .replace(/(.{8})(?=.)/g, "$1 ")
}
