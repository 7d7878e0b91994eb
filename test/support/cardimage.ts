/** Images of cards, byte by byte as SPEC.md chapter 1 has them. */
import { createHash } from "node:crypto"
import { closeSync, openSync, writeSync } from "node:fs"

const SECTOR = 512

export interface VolumeOnCard {
    epoch: number
    flags?: number
    /** a dirty map that counts: its base, and bytes of its bits from byte 0 on */
    map?: { base: number; bits: number[] }
}

export interface CardImage {
    pair: number
    index: 0 | 1
    mib: number
    volumes: [VolumeOnCard, VolumeOnCard]
    /** generations of copy 0 and copy 1; 0: that copy is torn */
    generations?: [number, number]
    partner?: { ip: number[]; port: number; target: string }
}

function seal(b: Buffer): Buffer {
    createHash("sha256").update(b).digest().copy(b, 480)
    return b
}

function superblock(card: CardImage, generation: number): Buffer {
    const b = Buffer.alloc(SECTOR)
    const blocks = card.mib * 2048
    b.write("TWINSTOR")
    const words = [1, generation, card.pair, card.index]
    words.forEach((word, k) => b.writeUInt32LE(word, 8 + 4 * k))
    card.volumes.forEach(({ epoch, flags = 0 }, k) => {
        const volume = [2048 + k * blocks, blocks, epoch, flags]
        volume.forEach((word, n) => b.writeUInt32LE(word, 32 + 16 * k + 4 * n))
    })
    if (card.partner) {
        const { ip, port, target } = card.partner
        b.set(ip, 96 + 14)
        b.writeUInt16LE(port, 96 + 18)
        b[96 + 20] = target.length
        b.write(target, 96 + 21, "latin1")
    }
    return seal(b)
}

function dirtyMap(card: CardImage, volume: 0 | 1): Buffer | undefined {
    const { epoch, map } = card.volumes[volume]
    if (!map) return undefined
    const b = Buffer.alloc(SECTOR)
    b.write("TWINDIRT")
    const words = [1, card.pair, epoch, map.base]
    words.forEach((word, k) => b.writeUInt32LE(word, 8 + 4 * k))
    // 448 bytes of bits, extents of 8 blocks or more
    let shift = 3
    while ((card.mib * 2048) >> shift > 448 * 8) shift++
    b.set([card.index, volume, shift], 24)
    b.set(map.bits, 32)
    return seal(b)
}

/** Makes a card's image, as far as the first volume. */
export function writeCard(file: string, card: CardImage) {
    const fd = openSync(file, "w")
    const put = (lba: number, b: Buffer) =>
        writeSync(fd, b, 0, SECTOR, lba * SECTOR)
    put(2047, Buffer.alloc(SECTOR))
    put(0, Buffer.from([...new Uint8Array(510), 0x55, 0xaa]))
    const generations = card.generations ?? [4, 5]
    generations.forEach((generation, copy) => {
        const b = superblock(card, generation || 9)
        if (!generation) b[33] ^= 1
        put(copy === 0 ? 128 : 1152, b)
    })
    for (const volume of [0, 1] as const) {
        const map = dirtyMap(card, volume)
        if (map) put(384 + 256 * volume, map)
    }
    closeSync(fd)
}
