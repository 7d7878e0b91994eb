/**
 * Looks at a card at boot: ours, blank, or somebody else's. A blank one is
 * formatted; a foreign one is never written to.
 */
import { event } from "../console/events"
import {
    abortWrite,
    Card,
    CardError,
    readBlocks,
    startWrite,
    Step,
    stopWrite,
    writeBlocks,
    writeStatus,
    writtenTo,
} from "../drivers/sdcard"
import {
    FIRST_VOLUME_LBA,
    isBlank,
    isMbr,
    META_LBA,
    putMbr,
    SECTOR,
    SUPERBLOCK_LBA,
    SUPERBLOCK_MAGIC,
    VolumeFlag,
} from "../wire/card"
import {
    lacksCopy,
    load,
    Owner,
    ownerOf,
    saved,
    superblockLba,
    superblockSector,
    wasUsed,
} from "./superblock"
import { loadMap, mapLba } from "./dirtymap"
import { pool } from "./pool"
import { Volume } from "./volume"

export enum CardState {
    Ours = 0,
    /** was blank and is ours now */
    Formatted,
    /** has data that are not ours */
    Foreign,
    TooSmall,
    /** a command failed: see `card.error` */
    Failed,
}

/** Generation 1, the first thing that a format writes, is this copy. */
const FIRST_COPY = 1
/** At boot the pool is still empty: its first block is room enough. */
const sector = pool
/** A card is busy for at most 500 ms; a poll takes 0.2 ms and more. */
const POLLS = 5000

/**
 * @param blocksPerVolume wanted size of a new card's volumes
 */
export async function openCard(
    card: Card,
    volumes: Volume[],
    pairId: number,
    blocksPerVolume: number,
): Promise<CardState> {
    let owner = Owner.None
    let isEmpty = true
    let isUnreadable = false
    for (let i = 0; i < 2; ++i) {
        if (!(await read(card, SUPERBLOCK_LBA[i]))) {
            isUnreadable = true
            continue
        }
        const o = ownerOf(sector)
        if (o === Owner.Others) return CardState.Foreign
        if (o === Owner.Ours) {
            owner = o
            load(sector)
        } else if (!isBlank(sector) && !isBegun(sector, i)) isEmpty = false
    }
    // one that cannot be read may be the only one that was ours
    if (isUnreadable && owner !== Owner.Ours) return CardState.Failed
    if (!(await read(card, 0))) return CardState.Failed
    if (owner === Owner.Ours) {
        const isLost = !isMbr(sector)
        if (isLost) {
            // a format that was cut off before its end, or a sector that rotted
            const state = await finishFormat(card, pairId, volumes[0].blocks)
            if (state !== CardState.Formatted) return state
        }
        const isNew = isLost && !wasUsed()
        await readMaps(card, volumes)
        const state = await repair(card)
        return state === CardState.Ours && isNew ? CardState.Formatted : state
    }
    // many a file system, RAID and swap leave the first sector as it is
    for (let i = 0; i < META_LBA && isEmpty; ++i) {
        if (!(await read(card, i))) return CardState.Failed
        isEmpty = isBlank(sector)
    }
    if (!isEmpty) return CardState.Foreign
    return await format(card, volumes, pairId, blocksPerVolume)
}

/**
 * What cannot be read is no map: then nothing is known of what differs, and
 * all of the volume is taken to.
 */
async function readMaps(card: Card, volumes: Volume[]) {
    for (let i = 0; i < volumes.length; ++i)
        for (let copy = 0; copy < 2; ++copy)
            if (await read(card, mapLba(i, copy))) loadMap(volumes[i], sector)
    card.error = CardError.None
}

/** A copy of the superblock that is lost or behind is written anew. */
async function repair(card: Card): Promise<CardState> {
    if (!lacksCopy()) return CardState.Ours
    const from = superblockSector()
    if (!(await write(card, superblockLba(), from))) return CardState.Failed
    saved()
    event("a copy of the superblock was lost or behind: written anew")
    return CardState.Ours
}

/**
 * Whether it may be the first superblock of a format that was cut off, torn:
 * how much of it was written is not known.
 */
function isBegun(copy: Buffer, i: number): boolean {
    return i === FIRST_COPY && copy[0] === SUPERBLOCK_MAGIC.charCodeAt(0)
}

async function format(
    card: Card,
    volumes: Volume[],
    pairId: number,
    blocksPerVolume: number,
): Promise<CardState> {
    if (card.sectors < FIRST_VOLUME_LBA + 2 * blocksPerVolume)
        return CardState.TooSmall
    for (let i = 0; i < volumes.length; ++i) {
        const v = volumes[i]
        v.firstLba = FIRST_VOLUME_LBA + i * blocksPerVolume
        v.blocks = blocksPerVolume
        v.epoch = 1
        v.flags = VolumeFlag.Fresh
    }
    for (let i = 0; i < 2; ++i) {
        const from = superblockSector()
        if (!(await write(card, superblockLba(), from))) return CardState.Failed
        saved()
    }
    return await finishFormat(card, pairId, blocksPerVolume)
}

/** The partition table comes last: a card that has one is whole. */
async function finishFormat(
    card: Card,
    pairId: number,
    blocksPerVolume: number,
): Promise<CardState> {
    putMbr(sector, pairId, blocksPerVolume)
    if (!(await write(card, 0, sector))) return CardState.Failed
    return CardState.Formatted
}

async function read(card: Card, lba: number): Promise<boolean> {
    card.error = await readBlocks(card, lba, 1, sector, 0)
    return card.error === CardError.None
}

async function write(card: Card, lba: number, from: Buffer): Promise<boolean> {
    card.error = CardError.Write
    if ((await startWrite(card, lba)) !== Step.Ready) return false
    let step = await writeBlocks(card, from, 0, SECTOR)
    for (let i = 0; step === Step.Busy && i < POLLS; ++i)
        step = await writeBlocks(card, from, writtenTo, SECTOR)
    if (step !== Step.Ready) {
        await abortWrite(card)
        return false
    }
    await stopWrite(card)
    step = await writeStatus(card)
    for (let i = 0; step === Step.Busy && i < POLLS; ++i)
        step = await writeStatus(card)
    if (step !== Step.Ready) return false
    card.error = CardError.None
    return true
}
