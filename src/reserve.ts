/**
 * Room for what is needed only for a moment, in one piece. The VM collects
 * garbage when the heap is full and moves nothing: what boot leaves behind
 * would be holes everywhere, none of them large enough for a login's text.
 * This is taken before anything else, so that boot has to use its own holes
 * again, and given back when boot is over.
 */
const RESERVE_BYTES = 4608

export let reserve: Buffer | undefined = Buffer.alloc(RESERVE_BYTES)

export function releaseReserve() {
    reserve = undefined
}
