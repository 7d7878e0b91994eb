/**
 * A small queue of small numbers. One buffer, because objects are dear: byte
 * 0 counts what was taken out, byte 1 what was put in, items follow.
 */

/** At least `TASKS`: a task is at most once in a ring. Divides 256. */
const RING_SIZE = 16
const RING_MASK = RING_SIZE - 1
const ITEMS = 2

export type Ring = Buffer

export function makeRing(): Ring {
    return Buffer.alloc(ITEMS + RING_SIZE)
}

export function isEmpty(r: Ring): boolean {
    return r[0] === r[1]
}

export function count(r: Ring): number {
    return (r[1] - r[0]) & 255
}

export function push(r: Ring, item: number) {
    r[ITEMS + (r[1] & RING_MASK)] = item
    r[1] = r[1] + 1
}

/** The oldest item; only when there is one. */
export function first(r: Ring): number {
    return r[ITEMS + (r[0] & RING_MASK)]
}

/** The second oldest item; only when there are two. */
export function second(r: Ring): number {
    return r[ITEMS + ((r[0] + 1) & RING_MASK)]
}

/** Takes the oldest item out. */
export function shift(r: Ring) {
    r[0] = r[0] + 1
}

/** Takes an item out, wherever it is. */
export function remove(r: Ring, item: number) {
    const n = count(r)
    let to = r[0]
    for (let i = 0; i < n; ++i) {
        const it = r[ITEMS + ((r[0] + i) & RING_MASK)]
        if (it === item) continue
        r[ITEMS + (to & RING_MASK)] = it
        to++
    }
    r[1] = to
}

export function clear(r: Ring) {
    r[0] = 0
    r[1] = 0
}
