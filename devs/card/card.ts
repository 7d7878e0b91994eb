/** A card, or its image, as a PC has it. It is opened for reading only. */
import { closeSync, openSync, readSync } from "node:fs"
import {
    FIRST_VOLUME_LBA,
    META_LBA,
    SECTOR,
    SUPERBLOCK_LBA,
} from "../../src/wire/card.ts"
import { readDirtyMap, type DirtyMap } from "./dirtymap.ts"
import type { Sectors } from "./sector.ts"
import { readSuperblock, type Superblock } from "./superblock.ts"

export interface Card {
    file: string
    superblock: Superblock
    /** of volume a and b, where one counts */
    maps: (DirtyMap | undefined)[]
    hasPartitions: boolean
}

/**
 * Reads what stands before the volumes.
 * @throws when it is no card of Twinstore, with what it is
 */
export function readCard(file: string): Card {
    const head = readHead(file)
    const sectors: Sectors = {
        read: lba => head.subarray(lba * SECTOR, (lba + 1) * SECTOR),
    }
    const superblock = readSuperblock(sectors)
    if (!superblock) throw new Error(`${file} ${whatElse(sectors)}`)
    return {
        file,
        superblock,
        maps: [0, 1].map(v => readDirtyMap(sectors, superblock, v)),
        hasPartitions: head.readUInt16BE(SECTOR - 2) === 0x55aa,
    }
}

function readHead(file: string): Buffer {
    const head = Buffer.alloc(FIRST_VOLUME_LBA * SECTOR)
    const fd = openSync(file, "r")
    try {
        // one sector at a time: a bad one must not hide the others
        for (let at = 0; at < head.length; at += SECTOR)
            readSector(fd, head, at)
    } finally {
        closeSync(fd)
    }
    return head
}

/** What cannot be read is zeros, which are no superblock. */
function readSector(fd: number, head: Buffer, at: number) {
    try {
        readSync(fd, head, at, SECTOR, at)
    } catch (e) {
        if ((e as NodeJS.ErrnoException).code !== "EIO") throw e
    }
}

/** What a card without a superblock is; as `src/store/opencard.ts` sees it. */
function whatElse(card: Sectors): string {
    const looked = Array.from({ length: META_LBA }, (_, lba) => lba)
    return [...looked, ...SUPERBLOCK_LBA].every(lba => isBlank(card.read(lba)))
        ? "is blank: a board that gets it formats it"
        : "has no superblock of Twinstore, and is not blank: " +
              "a board that gets it does not touch it. Of a drive, name the " +
              "whole, as /dev/sdX, and not a partition"
}

function isBlank(sector: Uint8Array): boolean {
    const [first] = sector
    return (first === 0 || first === 0xff) && sector.every(b => b === first)
}
