/**
 * What the main loop sends: PDUs and frames are put together in `out` and go
 * to the chip with one transfer and one SEND for all of them.
 */
import { DATA, Socket, writeTx, writeTxAndSend } from "../drivers/w5500"
import { MAX_DATA, out, outFrame, small } from "./frames"

/** Bytes that are put together. */
export let outLength = 0

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
 * Adds a stream of bytes, and writes to the chip whenever a frame is full and
 * there is more. The socket must have room for all of it.
 */
export async function stream(
    s: Socket,
    from: Buffer,
    at: number,
    count: number,
) {
    while (count > 0) {
        if (outLength === MAX_DATA) await writeOut(s)
        let n = MAX_DATA - outLength
        if (n > count) n = count
        out.blitAt(DATA + outLength, from, at, n)
        outLength += n
        at += n
        count -= n
    }
}

/** Writes a full frame to the chip; `flushOut` must follow. */
export async function writeOut(s: Socket) {
    const count = outLength
    outLength = 0
    if (MAX_DATA > s.txFree) await writePieces(s, count, false)
    else await writeTx(s, out, count)
}

/**
 * Sends all of it, with the smallest frame that holds the rest. A frame is
 * written whole: what it has too much needs free room as well.
 */
export async function flushOut(s: Socket) {
    const count = outLength
    if (count === 0) return
    outLength = 0
    const frame = outFrame(count)
    if (frame.length - DATA > s.txFree) {
        await writePieces(s, count, true)
        return
    }
    if (frame !== out) frame.blitAt(DATA, out, DATA, count)
    await writeTxAndSend(s, frame, count)
}

/** For a chip that has hardly more room than there are bytes. */
async function writePieces(s: Socket, count: number, thenSend: boolean) {
    let from = 0
    let i = small.length - 1
    while (from < count) {
        const left = count - from
        while (i >= 0 && small[i].length - DATA > left) i--
        // the last bytes go in a frame of their own size: this allocates
        const n = i >= 0 ? small[i].length - DATA : left
        const frame = i >= 0 ? small[i] : Buffer.alloc(DATA + left)
        frame.blitAt(DATA, out, DATA + from, n)
        from += n
        if (thenSend && from === count) await writeTxAndSend(s, frame, n)
        else await writeTx(s, frame, n)
    }
}

/** Drops what is put together, for a connection that is gone. */
export function dropOut() {
    outLength = 0
}
