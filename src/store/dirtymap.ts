/**
 * Which extents of a volume may differ from the partner's copy. An extent is
 * marked on the card before any card gets the first write to it: after any loss
 * of power, what is not marked is equal.
 *
 * Alone, a board marks what it has written. Mirrored, it marks where it is going
 * to write, in larger pieces and for good: those _intents_ are what a pair that
 * lost all power in mid-write has to compare, instead of the whole volume.
 *
 * Two copies, written one after the other, each whole with a digest: a torn
 * write of one leaves the other, and until both are written, nothing that is
 * new in them counts. So the loss of either copy at rest forgets no mark.
 */
import { digest } from "@devicescript/crypto"
import {
    DM_BASE,
    DM_BITS,
    DM_BYTES,
    DM_DIGEST,
    DM_EPOCH,
    DM_GENERATION,
    DM_INDEX,
    DM_PAIR,
    DM_SHIFT,
    DM_VOLUME,
    extentShift,
    MAP_LBA,
    MAP_MAGIC,
    MAP_STEP,
    SECTOR,
} from "../wire/card"
import { putText } from "../wire/bytes"
import { image } from "./superblock"
import { lbaOf, LOG_MASK, Volume } from "./volume"

/** What a map's sector says before its digest; see `wire/card.ts`. */
const sectors = [Buffer.alloc(DM_DIGEST), Buffer.alloc(DM_DIGEST)]
/** extents that are marked in them, by volume */
export const dirtyExtents: number[] = [0, 0]
/** copies that are still to be written, by volume */
const missing: number[] = [0, 0]
/** the image that is being written says all that the map says */
const isInImage: boolean[] = [false, false]
let pairId = 0
let cardIndex = 0

/** Whose card the maps are for. */
export function initMaps(pair: number, index: number) {
    pairId = pair
    cardIndex = index
}

/** Where a copy of a volume's map is. */
export function mapLba(volume: number, copy: number): number {
    return MAP_LBA[copy] + volume * MAP_STEP
}

/// Marking ///

/**
 * Begins an empty map: both copies are equal, but for what is marked next.
 * @param base the epoch in which they are
 */
export function beginMap(v: Volume, base: number) {
    const b = sectors[v.index]
    const generation = b.getAt(DM_GENERATION, "u32")
    b.fillAt(0, DM_DIGEST, 0)
    putText(b, 0, 8, MAP_MAGIC, 0)
    b.setAt(DM_GENERATION, "u32", generation)
    b.setAt(DM_PAIR, "u32", pairId)
    b.setAt(DM_BASE, "u32", base)
    b[DM_INDEX] = cardIndex
    b[DM_VOLUME] = v.index
    b[DM_SHIFT] = extentShift(v.blocks)
    dirtyExtents[v.index] = 0
    renewMap(v)
}

/** The map goes on in the volume's new epoch, and must be written. */
export function renewMap(v: Volume) {
    sectors[v.index].setAt(DM_EPOCH, "u32", v.epoch)
    changed(v.index)
}

function changed(index: number) {
    missing[index] = MAP_LBA.length
    isInImage[index] = false
}

/** Marks the extents of some blocks. @returns whether any was not marked */
export function markBlocks(v: Volume, lba: number, count: number): boolean {
    const shift = sectors[v.index][DM_SHIFT]
    const first = lba >> shift
    const last = (lba + count - 1) >> shift
    let isNew = mark(v.index, first)
    if (last !== first && mark(v.index, last)) isNew = true
    if (isNew) changed(v.index)
    return isNew
}

function mark(index: number, extent: number): boolean {
    const b = sectors[index]
    const at = DM_BITS + (extent >> 3)
    const bit = 1 << (extent & 7)
    if ((b[at] & bit) !== 0) return false
    b[at] = b[at] | bit
    dirtyExtents[index]++
    return true
}

/**
 * Mirrored from now on: only what is under way may differ, and what is going to
 * be written.
 */
export function beginIntents(v: Volume) {
    beginMap(v, v.epoch)
    intents[v.index] = 0
    const durable = v.durable < v.partnerDurable ? v.durable : v.partnerDurable
    for (let s = durable + 1; s <= v.appended; ++s) {
        const i = s & LOG_MASK
        markIntent(v, lbaOf(v, i), v.count[i])
    }
}

/**
 * The first intents are pieces of 8 extents, each one after them is twice as
 * large: who writes on, or everywhere, soon waits for the card no more.
 */
const SMALL_INTENTS = 4
/** Intents since the map was begun, by volume. */
const intents: number[] = [0, 0]

/** Marks where a mirrored write is going to. @returns whether it was not yet */
export function markIntent(v: Volume, lba: number, count: number): boolean {
    if (!markBlocks(v, lba, count)) return false
    const large = intents[v.index]++ - SMALL_INTENTS
    const mask = (8 << (large < 0 ? 0 : large > 9 ? 9 : large)) - 1
    const shift = sectors[v.index][DM_SHIFT]
    markPiece(v, (lba >> shift) & ~mask, ((lba + count - 1) >> shift) | mask)
    return true
}

/** Marks extents without counting. @param first the lowest of a byte's */
function markPiece(v: Volume, first: number, last: number) {
    const b = sectors[v.index]
    const extents = extentsOf(v)
    const end = last < extents ? last + 1 : extents
    b.fillAt(DM_BITS + (first >> 3), (end - first) >> 3, 0xff)
    if (end & 7) b[DM_BITS + (end >> 3)] = (1 << (end & 7)) - 1
    dirtyExtents[v.index] += end - first
}

/** Intents are forgotten at rest when there are about so many extents of them. */
const MAX_INTENTS = 64

/** Both cards have all that was written. Call when a volume comes to rest. */
export function trimIntents(v: Volume) {
    if (dirtyExtents[v.index] > MAX_INTENTS && hasIntents(v)) beginIntents(v)
}

/** Whether the map says where the volume was going to be written in its epoch. */
export function hasIntents(v: Volume): boolean {
    return isMapOf(v) && baseOf(v) === v.epoch
}

/** The other board is going to write: what the map says counts no more. */
export function endIntents(v: Volume) {
    sectors[v.index].setAt(DM_EPOCH, "u32", 0)
    changed(v.index)
}

/** Marks what log entries from `from` to `to` have written. */
export function markEntries(v: Volume, from: number, to: number): boolean {
    let isNew = false
    for (let s = from; s <= to; ++s) {
        const i = s & LOG_MASK
        if (markBlocks(v, lbaOf(v, i), v.count[i])) isNew = true
    }
    return isNew
}

/** Nothing is known: all of the volume may differ. */
export function markAll(v: Volume) {
    dirtyExtents[v.index] = 0
    markPiece(v, 0, extentsOf(v))
    changed(v.index)
}

/// The card ///

/** Whether a map is to be written. @returns the volume's index, or -1 */
export function mapToSave(): number {
    if (missing[0] > 0) return 0
    return missing[1] > 0 ? 1 : -1
}

/** Whether all marks of a volume are on the card. */
export function isMapSaved(v: Volume): boolean {
    return missing[v.index] === 0
}

/** Makes a map's sector. @returns 512 bytes; `nextMapLba` is where they go */
export function mapImage(index: number): Buffer {
    const b = sectors[index]
    if (missing[index] === MAP_LBA.length)
        b.setAt(DM_GENERATION, "u32", b.getAt(DM_GENERATION, "u32") + 1)
    image.blitAt(0, b, 0, DM_DIGEST)
    image.fillAt(DM_DIGEST, 32, 0)
    image.blitAt(DM_DIGEST, digest("sha256", image), 0, 32)
    isInImage[index] = true
    return image
}

/** The copy that is written next. */
export function nextMapLba(index: number): number {
    return mapLba(index, MAP_LBA.length - missing[index])
}

/** The image that was made last is on the card. */
export function mapSaved(index: number) {
    if (isInImage[index]) missing[index]--
}

/// Reading, at boot ///

/** Whether a sector is a map of this card's volume, and whole. */
function isMap(b: Buffer, v: Volume): boolean {
    for (let i = 0; i < 8; ++i)
        if (b[i] !== MAP_MAGIC.charCodeAt(i)) return false
    const isOurs =
        b.getAt(DM_PAIR, "u32") === pairId &&
        b[DM_INDEX] === cardIndex &&
        b[DM_VOLUME] === v.index &&
        b[DM_SHIFT] === extentShift(v.blocks)
    if (!isOurs) return false
    image.blitAt(0, b, 0, SECTOR)
    image.fillAt(DM_DIGEST, 32, 0)
    const hash = digest("sha256", image)
    for (let i = 0; i < 32; ++i) if (b[DM_DIGEST + i] !== hash[i]) return false
    return true
}

/**
 * Takes over what a copy says, if it is newer than what is known.
 * @param b begins with it
 */
export function loadMap(v: Volume, b: Buffer) {
    if (!isMap(b, v)) return
    const known = sectors[v.index]
    if (b.getAt(DM_GENERATION, "u32") <= known.getAt(DM_GENERATION, "u32"))
        return
    known.blitAt(0, b, 0, DM_DIGEST)
    let dirty = 0
    for (let i = 0; i < DM_BYTES; ++i)
        for (let bits = b[DM_BITS + i]; bits > 0; bits >>= 1) dirty += bits & 1
    dirtyExtents[v.index] = dirty
}

/** Whether the map speaks of the volume's epoch. */
export function isMapOf(v: Volume): boolean {
    return sectors[v.index].getAt(DM_EPOCH, "u32") === v.epoch
}

/// Going through it ///

/** Blocks of an extent; the volume's last one may have fewer. */
export function extentSize(v: Volume): number {
    return 1 << sectors[v.index][DM_SHIFT]
}

export function extentsOf(v: Volume): number {
    const size = extentSize(v)
    return Math.floor((v.blocks + size - 1) / size)
}

/** The marks of eight extents, from the lowest bit on. @param extent of one */
export function marksAt(v: Volume, extent: number): number {
    return sectors[v.index][DM_BITS + (extent >> 3)]
}

/** Whether the extent that a block is in may differ. */
export function isDirty(v: Volume, lba: number): boolean {
    const extent = lba >> sectors[v.index][DM_SHIFT]
    return (marksAt(v, extent) & (1 << (extent & 7))) !== 0
}

/** The epoch in which both copies were last equal. */
export function baseOf(v: Volume): number {
    return sectors[v.index].getAt(DM_BASE, "u32")
}
