/**
 * The block pool: all memory for data on its way. One buffer, taken at boot,
 * in groups of eight blocks: 4 KiB, the write that hosts make most.
 *
 * Blocks are given out as runs of one to eight neighbours, so that a whole
 * write moves with one `blitAt`. The first groups are this board's own, the
 * others belong to the partner: it says itself where in them its mirrored
 * writes go (`wire/link.ts`), so that a mirrored write never has to wait for
 * memory, and two boards can never wait for each other.
 */
import { SECTOR } from "../wire/card"

export const GROUP = 8
export const OWN_GROUPS = 3
export const MIRROR_GROUPS = 2
export const OWN_BLOCKS = OWN_GROUPS * GROUP
export const MIRROR_BLOCKS = MIRROR_GROUPS * GROUP
/** Where the partner's blocks begin. */
export const MIRROR_FIRST = OWN_BLOCKS

export const pool = Buffer.alloc((OWN_BLOCKS + MIRROR_BLOCKS) * SECTOR)

/** Which blocks of an area are free: a bit a block, a byte a group. */
export interface Area {
    free: Buffer
    /** free blocks in all */
    freeBlocks: number
}

const ALL = (1 << GROUP) - 1

export function makeArea(groups: number): Area {
    const free = Buffer.alloc(groups)
    free.fillAt(0, groups, ALL)
    return { free, freeBlocks: groups * GROUP }
}

/**
 * Takes neighbouring blocks within a group, if possible from one that is in
 * use already, so that whole groups stay free.
 * @param count 1 to 8
 * @returns the first block's number in the area, or -1
 */
export function takeRun(area: Area, count: number): number {
    if (area.freeBlocks < count) return -1
    const free = area.free
    if (count === GROUP) {
        const g = free.indexOf(ALL)
        if (g < 0) return -1
        free[g] = 0
        area.freeBlocks -= GROUP
        return g * GROUP
    }
    let first = takeFrom(free, count, true)
    if (first < 0) first = takeFrom(free, count, false)
    if (first >= 0) area.freeBlocks -= count
    return first
}

/** @param isShy leave whole groups alone */
function takeFrom(free: Buffer, count: number, isShy: boolean): number {
    const need = (1 << count) - 1
    for (let g = 0; g < free.length; ++g) {
        const bits = free[g]
        if (bits < need || (isShy && bits === ALL)) continue
        let mask = need
        let shift = 0
        while (mask <= ALL && (bits & mask) !== mask) {
            mask <<= 1
            shift++
        }
        if (mask > ALL) continue
        free[g] = bits & ~mask
        return g * GROUP + shift
    }
    return -1
}

/** Gives a run back. */
export function giveRun(area: Area, first: number, count: number) {
    const g = first >> 3
    area.free[g] = area.free[g] | (((1 << count) - 1) << (first & 7))
    area.freeBlocks += count
}

/** All of an area is free again. */
export function freeArea(area: Area) {
    const free = area.free
    free.fillAt(0, free.length, ALL)
    area.freeBlocks = free.length * GROUP
}

/** This board's own blocks. */
export const own = makeArea(OWN_GROUPS)
/** The blocks in the partner's pool that are ours to fill. */
export const remote = makeArea(MIRROR_GROUPS)
