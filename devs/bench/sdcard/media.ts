/** What a card's sectors are kept in. */
import {
    closeSync,
    existsSync,
    fstatSync,
    ftruncateSync,
    openSync,
    readSync,
    writeSync,
} from "node:fs"

export const SECTOR = 512

export interface Media {
    readonly sectors: number
    read(lba: number): Uint8Array
    write(lba: number, data: Uint8Array): void
}

/** Sectors in memory; what was never written is zero. */
export class MemoryMedia implements Media {
    private readonly map = new Map<number, Uint8Array>()

    constructor(readonly sectors: number) {}

    read(lba: number) {
        return this.map.get(lba)?.slice() ?? new Uint8Array(SECTOR)
    }

    write(lba: number, data: Uint8Array) {
        this.map.set(lba, Uint8Array.from(data))
    }

    /** As a new card. */
    erase() {
        this.map.clear()
    }

    /** Numbers of the sectors that were ever written, in order. */
    written() {
        return [...this.map.keys()].sort((a, b) => a - b)
    }
}

/** Sectors in a sparse file. */
export class FileMedia implements Media {
    private readonly fd: number
    readonly sectors: number

    /** Opens an image, or makes a blank one. */
    constructor(file: string, sectors: number) {
        this.fd = openSync(file, existsSync(file) ? "r+" : "w+")
        const size = fstatSync(this.fd).size
        if (size === 0) ftruncateSync(this.fd, sectors * SECTOR)
        this.sectors = size ? Math.floor(size / SECTOR) : sectors
    }

    read(lba: number) {
        const data = new Uint8Array(SECTOR)
        readSync(this.fd, data, 0, SECTOR, lba * SECTOR)
        return data
    }

    write(lba: number, data: Uint8Array) {
        writeSync(this.fd, data, 0, SECTOR, lba * SECTOR)
    }

    close() {
        closeSync(this.fd)
    }
}
