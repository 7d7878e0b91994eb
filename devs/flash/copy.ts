/** Copies an image to a Pico's boot drive, and waits until the board has it. */
import { constants } from "node:fs"
import { open, readFile, type FileHandle } from "node:fs/promises"
import path from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { boardIdOf } from "./bootdrive.ts"

/** So much is written at once, and is on the board before more is. */
const PIECE = 32 * 1024
const POLL_MS = 100
/** A Pico starts as soon as it has all; systems notice within seconds. */
const GONE_LIMIT_MS = 30_000

/** What a failed write is, in words, and what helps. */
const REASONS: Record<string, string> = {
    ENOSPC:
        "is full. Unplug the board, plug it in again with BOOTSEL held, " +
        "and flash again: the drive is empty then",
    EACCES: "is not yours to write to: mount it for your user, and flash again",
    EPERM: "is not yours to write to: mount it for your user, and flash again",
    EROFS: "is mounted read-only: mount it for writing, and flash again",
}

/** @returns what to tell when a write to the drive has failed */
export function explainWrite(drive: string, e: NodeJS.ErrnoException): Error {
    const why =
        REASONS[e.code ?? ""] ??
        `has not taken the image: ${e.message}. Plug the board in again ` +
            `with BOOTSEL held, and flash again`
    return new Error(`${drive} ${why}`)
}

/**
 * @param progress called with the bytes that are written, of how many
 * @param limitMs how long the board may take to start
 * @throws with what to do next
 */
export async function copyToDrive(
    file: string,
    drive: string,
    progress: (bytes: number, total: number) => void = () => {},
    limitMs = GONE_LIMIT_MS,
): Promise<void> {
    const image = await readFile(file)
    const to = path.join(drive, path.basename(file))
    let written = 0
    let failure: NodeJS.ErrnoException | undefined
    try {
        await writePieces(to, image, bytes => {
            written = bytes
            progress(bytes, image.length)
        })
    } catch (e) {
        failure = e as NodeJS.ErrnoException
    }
    // the board starts with the last block: what the system writes to a
    // drive's folder after that fails, and does not matter
    const isAll = written === image.length
    if (failure && !isAll) throw explainWrite(drive, failure)
    if (await isGone(drive, limitMs)) return
    throw failure
        ? explainWrite(drive, failure)
        : new Error(
              `the image is on ${drive}, but after ${limitMs / 1000} s the ` +
                  `board has not started from it. Unplug it, plug it in ` +
                  `again with BOOTSEL held, and flash again`,
          )
}

async function writePieces(
    to: string,
    image: Uint8Array,
    progress: (bytes: number) => void,
) {
    const { O_WRONLY, O_CREAT, O_TRUNC } = constants
    const handle = await open(to, O_WRONLY | O_CREAT | O_TRUNC)
    try {
        for (let at = 0; at < image.length;) {
            const end = Math.min(at + PIECE, image.length)
            await writeAll(handle, image.subarray(at, end))
            at = end
            // whether the drive is still there to say so after the last piece
            // is not known
            if (at === image.length) progress(at)
            await handle.datasync()
            if (at < image.length) progress(at)
        }
    } finally {
        // of a drive that has gone, this fails, too
        await handle.close().catch(() => {})
    }
}

async function writeAll(handle: FileHandle, data: Uint8Array) {
    for (let at = 0; at < data.length;)
        at += (await handle.write(data, at)).bytesWritten
}

/** Whether the drive goes within a time: no system tells that to programs. */
async function isGone(drive: string, limitMs: number): Promise<boolean> {
    for (let ms = 0; boardIdOf(drive) !== undefined; ms += POLL_MS) {
        if (ms >= limitMs) return false
        await pause(POLL_MS)
    }
    return true
}
