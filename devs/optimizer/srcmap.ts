/** Which place in the sources a place in the code comes from. */

export interface Mark {
    /** counts through all sources, one after the other */
    position: number
    length: number
    pc: number
}

/** @param srcmap triples of position, length and pc; first and last as differences */
export function marksOf(srcmap: number[]): Mark[] {
    const marks: Mark[] = []
    let position = 0
    let pc = 0
    for (let k = 0; k + 2 < srcmap.length; k += 3) {
        position += srcmap[k]
        pc += srcmap[k + 2]
        marks.push({ position, length: srcmap[k + 1], pc })
    }
    return marks.sort((x, y) => x.pc - y.pc)
}

/** The place of the last of some sorted items whose key is at most `limit`. */
export function lastIndexNotAfter<T>(
    items: T[],
    key: (t: T) => number,
    limit: number,
) {
    let lo = -1
    let hi = items.length
    while (lo + 1 < hi) {
        const mid = (lo + hi) >> 1
        if (key(items[mid]) <= limit) lo = mid
        else hi = mid
    }
    return lo
}

export function lastNotAfter<T>(
    items: T[],
    key: (t: T) => number,
    limit: number,
) {
    return items[lastIndexNotAfter(items, key, limit)] as T | undefined
}
