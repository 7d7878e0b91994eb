/** The target without a network: PDUs go to handlers, answers are taken. */
import type { Conn } from "../../src/iscsi/conn.ts"
import { makeUnit } from "./logicalunit.ts"
import { bytes, text, zeros } from "./devicescript.ts"
import { Clock } from "./devicescript/core.ts"

const { BHS } = await import("../../src/wire/iscsi.ts")
const { DATA } = await import("../../src/drivers/w5500.ts")
const { out } = await import("../../src/net/frames.ts")
const net = await import("../../src/net/out.ts")
const { HOME_KB, makePort, setIdentity } =
    await import("../../src/iscsi/port.ts")
const { MAX_SEND, Phase } = await import("../../src/iscsi/conn.ts")
const { makeTasks } = await import("../../src/iscsi/task.ts")
const { forget } = await import("../../src/iscsi/portal.ts")

makeTasks()

export const TARGET = "iqn.2026-11.com.example:x"
const pin = { setMode() {} }
export const port = makePort("home", pin, pin, HOME_KB)

const identity = zeros(96)
// 10.0.0.11:3260, and the name with its length
identity.blitAt(14, bytes("0a00000b bc0c"), 0, 6)
identity[20] = TARGET.length
identity.blitAt(21, TARGET, 0, TARGET.length)
const volume = makeUnit().volume
setIdentity(port, identity, volume)

/** A connection that was just made. */
export function connect(socket = 0): Conn {
    const c = port.conns[socket]
    forget(c)
    net.dropOut()
    c.phase = Phase.Login
    c.sn.fillAt(0, MAX_SEND, 0)
    c.flags = 0
    c.attention = 0
    return c
}

type Handler = (
    c: Conn,
    b: Buffer,
    at: number,
    length: number,
) => string | undefined | Promise<string | undefined>

/**
 * Hands a PDU to its handler, somewhere in a buffer as it comes.
 * @param header words of the BHS, "" for zeros; DataSegmentLength is put in
 * @returns PDUs of the answer as hex
 */
export async function send(
    c: Conn,
    handler: Handler,
    header: string[],
    data: Buffer = zeros(0),
): Promise<string[]> {
    const before = text("before")
    const words = header.map(word => word || "00000000")
    const bhs = bytes(words.join("").padEnd(2 * BHS, "0"))
    bhs[6] = data.length >> 8
    bhs[7] = data.length
    const whole = before.concat(bhs).concat(data).concat(text("behind"))
    // what is left of the last answer must not be in the next one
    out.fillAt(0, out.length, 0xee)
    const error = await inTime(handler(c, whole, before.length, data.length))
    if (error !== undefined) throw new Error(error)
    return answers()
}

/** Lets the board's time pass until something is done. */
async function inTime<T>(what: T | Promise<T>): Promise<T> {
    let isDone = false
    const done = Promise.resolve(what).finally(() => (isDone = true))
    const clock = Clock.current()
    while (!isDone) {
        await new Promise(setImmediate)
        clock.advance(clock.now + 1)
    }
    return await done
}

/** PDUs that wait to be sent; they are taken. */
function answers(): string[] {
    const pdus: string[] = []
    const end = DATA + net.outLength
    for (let at = DATA; at < end;) {
        const length = (out[at + 5] << 16) | (out[at + 6] << 8) | out[at + 7]
        const next = at + BHS + ((length + 3) & ~3)
        if (next > end) throw new Error("a PDU is longer than the answer")
        pdus.push(out.slice(at, next).toString("hex"))
        at = next
    }
    net.dropOut()
    return pdus
}

/** Key=value pairs as they stand in a data segment. */
export const pairs = (...all: string[]) => text(all.join("\0") + "\0")

/** The data segment of a PDU, without its padding. */
export function dataOf(pdu: string): string {
    const length = parseInt(pdu.slice(10, 16), 16)
    return Buffer.from(pdu.slice(96, 96 + 2 * length), "hex").toString()
}
