/** Command descriptor blocks. */

export const BLOCK = 512

const FUA = 0x08

function cdb(size: number, opcode: number, flags = 0) {
    const b = Buffer.alloc(16)
    b[0] = opcode
    b[1] = flags
    return size === 16 ? b : b.subarray(0, 16)
}

export const cdbs = {
    testUnitReady: () => cdb(6, 0x00),
    inquiry(page?: number, allocate = 255) {
        const b = cdb(6, 0x12, page === undefined ? 0 : 1)
        b[2] = page ?? 0
        b.writeUInt16BE(allocate, 3)
        return b
    },
    readCapacity10: () => cdb(10, 0x25),
    readCapacity16() {
        const b = cdb(16, 0x9e, 0x10)
        b.writeUInt32BE(32, 10)
        return b
    },
    read10(lba: number, blocks: number, fua = false) {
        const b = cdb(10, 0x28, fua ? FUA : 0)
        b.writeUInt32BE(lba, 2)
        b.writeUInt16BE(blocks, 7)
        return b
    },
    write10(lba: number, blocks: number, fua = false) {
        const b = cdb(10, 0x2a, fua ? FUA : 0)
        b.writeUInt32BE(lba, 2)
        b.writeUInt16BE(blocks, 7)
        return b
    },
    synchronizeCache10: () => cdb(10, 0x35),
    modeSense6(page: number) {
        const b = cdb(6, 0x1a)
        b[2] = page
        b[4] = 255
        return b
    },
    reportLuns() {
        const b = cdb(12, 0xa0)
        b.writeUInt32BE(256, 6)
        return b
    },
}

/** Sense key, code and qualifier in one number, as `Sense` in src/wire. */
export function senseOf(data: Buffer): number {
    if (data.length < 16) return 0
    const sense = data.subarray(2)
    return ((sense[2] & 15) << 16) | (sense[12] << 8) | sense[13]
}
