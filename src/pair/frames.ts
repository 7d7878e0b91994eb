/**
 * Frames: put on the connection to the partner, and cut out of it. Over the
 * cable they follow each other; over the LAN they come in records. What they
 * mean is said in mirror.ts, rejoin.ts and the others.
 */
import { consume, DATA, readRx, Socket } from "../drivers/w5500"
import { inFrame, MAX_DATA, out } from "../net/frames"
import { added, outLength, stream, writeOut } from "../net/out"
import { pool } from "../store/pool"
import {
    CHECK_FOLD,
    DAMAGED,
    Frame,
    HELLO_SIZE,
    L_A,
    L_B,
    L_C,
    L_CHECK,
    LINK_HEADER,
    LINK_TRAILER,
    TRAILER_MAGIC,
    VERIFY_SIZE,
} from "../wire/link"
import { RECORD_END } from "../wire/record"
import { endFetched, fetchedPlace } from "./fetch"
import { takeHost } from "./hosts"
import { takeHello } from "./meeting"
import {
    beginWrite,
    endWrite,
    takeStored,
    takeSync,
    writePlace,
} from "./mirror"
import { takePing } from "./ping"
import { takeRejoin } from "./rejoin"

/** where frames go */
let s: Socket
/** they go in records */
export let isSealed = false

/** Begins with a connection. @param inRecords it goes over the LAN */
export function startFrames(socket: Socket, inRecords: boolean) {
    s = socket
    isSealed = inRecords
    need = LINK_HEADER
}

/// Sending ///

/** Adds a frame's header to `out`; there must be room. */
export function addFrame(
    type: Frame,
    volume: number,
    a: number,
    b: number,
    c: number,
) {
    const at = DATA + outLength
    const word = type + volume * 0x100 + c * 0x10000
    out.setAt(at, "u32", word)
    out.setAt(at + L_A, "u32", a)
    out.setAt(at + L_B, "u32", b)
    const sum = word * 3 + a * 5 + b * 7
    out.setAt(at + L_CHECK, "i32", sum ^ (sum / CHECK_FOLD))
    added(LINK_HEADER)
}

/**
 * Makes sure that `count` more bytes fit into `out`. All that has no blocks of
 * data takes half a record at most.
 */
export async function makeRoom(count: number) {
    if (outLength + count > MAX_DATA) await writeOut(s)
}

/** Blocks that one frame takes. */
const MAX_BLOCKS = 8
/** In a record, that goes out whole. */
const RECORD_BLOCKS = 2

export function frameBlocks(): number {
    return isSealed ? RECORD_BLOCKS : MAX_BLOCKS
}

/** Whether there is room for a frame with blocks of data, in `out` or the chip. */
export function hasRoom(blocks: number): boolean {
    const bytes = LINK_HEADER + (blocks << 9) + LINK_TRAILER
    if (isSealed) return outLength + bytes <= RECORD_END
    // what is written to the chip is written whole: the last needs some more
    return s.txFree - outLength >= bytes + 64
}

/**
 * Adds what follows a header with blocks. There must be room: `hasRoom`.
 * @param run of the pool
 * @param a as in the header
 */
export async function addBlocks(run: number, blocks: number, a: number) {
    await stream(s, pool, run << 9, blocks << 9)
    await makeRoom(LINK_TRAILER)
    const at = DATA + outLength
    out.setAt(at, "u32", a)
    out.setAt(at + 4, "u32", TRAILER_MAGIC)
    added(LINK_TRAILER)
}

/// Receiving ///

/** A WRITE of eight blocks is the longest frame. */
const MAX_FRAME = LINK_HEADER + MAX_BLOCKS * 512 + LINK_TRAILER

/** bytes that must have come before it is worth to read */
export let need = LINK_HEADER
/** Why the connection must be dropped, or undefined. */
export let failure: string | undefined

/**
 * Reads and handles whole frames; `failure` tells what was wrong with them.
 * @returns whether there were any
 */
export async function receive(): Promise<boolean> {
    let used = 0
    failure = undefined
    need = LINK_HEADER
    while (s.rxSize - used >= need) {
        const there = s.rxSize - used
        const n = there < MAX_DATA ? there : MAX_DATA
        const b = inFrame(n)
        // whatever comes: frames have checks, and writes a trailer
        await readRx(s, b, used)
        const took = await takeFrames(b, 0, n, there, used)
        used += took
        if (took === 0 || failure !== undefined) break
    }
    if (used && failure === undefined) await consume(s, used)
    return used > 0
}

/** Handles the frames of a record. @returns what is wrong with them */
export async function takeRecord(
    b: Buffer,
    from: number,
    end: number,
): Promise<string | undefined> {
    failure = undefined
    const took = await takeFrames(b, from, end, end, 0)
    if (failure === undefined && took !== end) failure = "frame cut off"
    return failure
}

/**
 * Handles the frames in `b`.
 * @param from where they begin
 * @param n where they end
 * @param there bytes that have come, of which `b` may have only the first
 * @param skip where in the chip's buffer `b` was read
 * @returns where those end that were handled
 */
async function takeFrames(
    b: Buffer,
    from: number,
    n: number,
    there: number,
    skip: number,
): Promise<number> {
    let pos = from
    while (n - pos >= LINK_HEADER) {
        const at = DATA + pos
        const word = b.getAt(at, "u32")
        const sum =
            word * 3 +
            b.getAt(at + L_A, "u32") * 5 +
            b.getAt(at + L_B, "u32") * 7
        if (b.getAt(at + L_CHECK, "i32") !== (sum ^ (sum / CHECK_FOLD))) {
            failure = DAMAGED
            return pos
        }
        let size = LINK_HEADER
        const type = word & 0xff
        if (
            type === Frame.Write ||
            (type >= Frame.Fetched && type <= Frame.Part)
        )
            size += (b[at + L_C] << 9) + LINK_TRAILER
        else if (type === Frame.Hello) size += HELLO_SIZE
        else if (type === Frame.Verify) size += VERIFY_SIZE
        if (size > MAX_FRAME) {
            failure = "frame too long"
            return pos
        }
        if (size > there - pos) {
            need = size
            return pos
        }
        if (size > n - pos) {
            // all of it has come, but more than one read can take
            if (pos > from) return pos
            failure = await takeLongData(type, b, n, size, skip)
            return size
        }
        failure = take(type, b, at, size)
        if (failure !== undefined) return pos
        pos += size
    }
    return pos
}

function take(
    type: Frame,
    b: Buffer,
    at: number,
    size: number,
): string | undefined {
    switch (type) {
        case Frame.Write:
        case Frame.Part:
        case Frame.Fetched: {
            const error = beginData(type, b, at)
            if (error) return error
            const data = size - LINK_HEADER - LINK_TRAILER
            putData(0, b, at + LINK_HEADER, data)
            return endData(type, b, at + LINK_HEADER + data)
        }
        case Frame.Stored:
            return takeStored(b, at)
        case Frame.Sync:
            return takeSync(b, at)
        case Frame.Host:
            return takeHost(b, at)
        case Frame.Hello:
            return takeHello(b, at + LINK_HEADER)
        case Frame.Ping:
            takePing(b.getAt(at + L_A, "u32"), b.getAt(at + L_B, "u32"))
            return undefined
        case Frame.Want:
        case Frame.Resync:
        case Frame.Join:
        case Frame.Joined:
        case Frame.Give:
        case Frame.Take:
        case Frame.Verify:
        case Frame.Verified:
        case Frame.Fetch:
            return takeRejoin(type, b, at)
        default:
            return "unknown frame"
    }
}

/** Where the data of a WRITE or FETCHED go, in the pool's bytes; -1: nowhere. */
let place = 0

function beginData(type: Frame, b: Buffer, at: number): string | undefined {
    if (type === Frame.Fetched) {
        place = fetchedPlace(b, at)
        return undefined
    }
    const error = beginWrite(b, at)
    place = writePlace
    return error
}

function putData(skip: number, b: Buffer, at: number, count: number) {
    if (place >= 0) pool.blitAt(place + skip, b, at, count)
}

function endData(type: Frame, b: Buffer, at: number): string | undefined {
    return type === Frame.Fetched
        ? endFetched(b, at, place)
        : endWrite(b, at, type === Frame.Part)
}

/** Eight blocks take two reads. */
async function takeLongData(
    type: Frame,
    b: Buffer,
    n: number,
    size: number,
    skip: number,
): Promise<string | undefined> {
    const error = beginData(type, b, DATA)
    if (error) return error
    const first = n - LINK_HEADER
    putData(0, b, DATA + LINK_HEADER, first)
    const rest = size - n
    // `b` again, most likely: all that was in it is used
    const tail = inFrame(rest)
    await readRx(s, tail, skip + n)
    const data = rest - LINK_TRAILER
    if (data > 0) putData(first, tail, DATA, data)
    return endData(type, tail, DATA + data)
}
