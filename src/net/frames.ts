/**
 * Buffers for SPI frames to and from the W5500s. A transfer always moves a
 * whole buffer, so there is one of each useful size; data begin at `DATA`.
 *
 * The main loop handles what it has read before it sends anything, so the
 * small ones serve both directions; of the large ones there is one for each,
 * because answers are put together while a frame is still being read.
 */
import { DATA } from "../drivers/w5500"

/** For a header, and for two blocks with theirs. */
const frame64 = Buffer.alloc(64)
const frame1088 = Buffer.alloc(1088)
export const small: Buffer[] = [frame64, frame1088]
/**
 * Two of these take 4 KiB with a header of either protocol. Twice as large
 * ones would not save a transfer.
 */
const LARGE = 2112
export const inLarge = Buffer.alloc(LARGE)
/** What is sent is put together here, from byte `DATA` on. */
export const out = Buffer.alloc(LARGE)
/** Bytes of data in the largest frame. */
export const MAX_DATA = LARGE - DATA

/** The smallest frame for so many received bytes. @param count ≤ MAX_DATA */
export function inFrame(count: number): Buffer {
    if (count <= 64 - DATA) return frame64
    return count <= 1088 - DATA ? frame1088 : inLarge
}

/** The smallest frame for bytes of `out`; `out` itself if there are many. */
export function outFrame(count: number): Buffer {
    if (count <= 64 - DATA) return frame64
    return count <= 1088 - DATA ? frame1088 : out
}
