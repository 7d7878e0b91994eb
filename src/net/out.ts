/**
 * What the main loop sends: PDUs and frames are put together in `out` and go
 * to the chip with one transfer and one SEND for all of them.
 */
import { DATA, send, Socket, writeTx } from "../drivers/w5500"
import { MAX_DATA, out, small } from "./frames"

/** Bytes that are put together. */
export let outLength = 0
/** Something is in the chip that SEND has not been told of. */
let isWritten = false

/** How much may be added for this socket. */
export function roomIn(s: Socket): number {
    const free = s.txFree < MAX_DATA ? s.txFree : MAX_DATA
    return free - outLength
}

/** Counts bytes that have been put into `out`. */
export function added(count: number) {
    outLength += count
}

/**
 * Adds a stream of bytes, and writes to the chip whenever a frame is full.
 * The socket must have room for all of it.
 */
export async function stream(
    s: Socket,
    from: Buffer,
    at: number,
    count: number,
) {
    while (count > 0) {
        let n = MAX_DATA - outLength
        if (n > count) n = count
        out.blitAt(DATA + outLength, from, at, n)
        outLength += n
        at += n
        count -= n
        if (outLength === MAX_DATA) await writeOut(s)
    }
}

/**
 * Writes what is put together to the chip, with the smallest frame that holds
 * it. A frame is written whole: what it has too much needs free room as well.
 */
export async function writeOut(s: Socket) {
    const count = outLength
    outLength = 0
    isWritten = true
    for (let i = 0; i < small.length; ++i) {
        const frame = small[i]
        const size = frame.length - DATA
        if (count > size) continue
        if (size > s.txFree) break
        frame.blitAt(DATA, out, DATA, count)
        return await writeTx(s, frame, count)
    }
    if (MAX_DATA <= s.txFree) return await writeTx(s, out, count)
    await writePieces(s, count)
}

/** For a chip that has hardly more room than there are bytes. */
async function writePieces(s: Socket, count: number) {
    let from = 0
    let i = small.length - 1
    while (from < count) {
        const left = count - from
        while (i >= 0 && small[i].length - DATA > left) i--
        // the last bytes go in a frame of their own size: this allocates
        const n = i >= 0 ? small[i].length - DATA : left
        const frame = i >= 0 ? small[i] : Buffer.alloc(DATA + left)
        frame.blitAt(DATA, out, DATA + from, n)
        await writeTx(s, frame, n)
        from += n
    }
}

/** Sends all of it. */
export async function flushOut(s: Socket) {
    if (outLength) await writeOut(s)
    if (!isWritten) return
    isWritten = false
    await send(s)
}

/** Drops what is put together, for a connection that is gone. */
export function dropOut() {
    outLength = 0
    isWritten = false
}
