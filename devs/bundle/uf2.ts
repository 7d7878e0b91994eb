/**
 * UF2, what a Pico's boot loader takes: blocks of 512 bytes, each with its
 * address (github.com/microsoft/uf2).
 */
const BLOCK = 512
const MAGIC = [0x0a324655, 0x9e5d5157] as const
const END_MAGIC = 0x0ab16f30
const FLAGS = 8
const ADDRESS = 12
const SIZE = 16
const NUMBER = 20
const COUNT = 24
const FAMILY = 28
const DATA = 32
const END = 508
/** What a boot loader writes at once. */
const PAYLOAD = 256
/** RP2040-E14: its boot loader erases whole sectors when a block begins one. */
const SECTOR = 4096

interface Chunk {
    address: number
    data: Uint8Array
}

/** A flash's contents, as far as a file has any. */
export class Uf2 {
    private readonly chunks: Chunk[] = []
    private flags = 0
    private family = 0

    /** @throws when it is no UF2 file */
    static read(file: Uint8Array): Uf2 {
        const b = Buffer.from(file)
        const uf2 = new Uf2()
        if (b.length === 0 || b.length % BLOCK)
            throw new Error("it is no UF2 file: not of whole blocks")
        for (let at = 0; at < b.length; at += BLOCK) {
            const isBlock =
                b.readUInt32LE(at) === MAGIC[0] &&
                b.readUInt32LE(at + 4) === MAGIC[1] &&
                b.readUInt32LE(at + END) === END_MAGIC
            if (!isBlock)
                throw new Error(`it is no UF2 file: no block at byte ${at}`)
            uf2.flags = b.readUInt32LE(at + FLAGS)
            uf2.family = b.readUInt32LE(at + FAMILY)
            const size = b.readUInt32LE(at + SIZE)
            const data = b.subarray(at + DATA, at + DATA + size)
            uf2.chunks.push({ address: b.readUInt32LE(at + ADDRESS), data })
        }
        return uf2
    }

    /** @throws when there is something already */
    add(address: number, data: Uint8Array) {
        const end = address + data.length
        for (const c of this.chunks)
            if (c.address < end && address < c.address + c.data.length)
                throw new Error(
                    `the firmware has something at 0x${c.address.toString(16)}, ` +
                        `where board and program go`,
                )
        for (let at = 0; at < data.length; at += PAYLOAD) {
            const piece = new Uint8Array(PAYLOAD).fill(0xff)
            piece.set(data.subarray(at, at + PAYLOAD))
            this.chunks.push({ address: address + at, data: piece })
        }
    }

    /** @returns bytes from an address on; 0xff where the file has none */
    bytes(address: number, size: number): Uint8Array {
        const all = new Uint8Array(size).fill(0xff)
        for (const c of this.chunks) {
            const at = c.address - address
            const from = Math.max(0, -at)
            const piece = c.data.subarray(from, Math.max(from, size - at))
            if (at < size) all.set(piece, at + from)
        }
        return all
    }

    /** All blocks, by their addresses, each sector filled up. */
    write(): Uint8Array {
        const whole = [...this.chunks, ...this.fillers()]
        whole.sort((x, y) => x.address - y.address)
        const file = Buffer.alloc(whole.length * BLOCK)
        whole.forEach(({ address, data }, k) => {
            const at = k * BLOCK
            MAGIC.forEach((magic, n) => file.writeUInt32LE(magic, at + 4 * n))
            file.writeUInt32LE(this.flags, at + FLAGS)
            file.writeUInt32LE(address, at + ADDRESS)
            file.writeUInt32LE(data.length, at + SIZE)
            file.writeUInt32LE(k, at + NUMBER)
            file.writeUInt32LE(whole.length, at + COUNT)
            file.writeUInt32LE(this.family, at + FAMILY)
            file.set(data, at + DATA)
            file.writeUInt32LE(END_MAGIC, at + END)
        })
        return file
    }

    private fillers(): Chunk[] {
        const used = new Set(this.chunks.map(c => c.address))
        const sectors = new Set(
            this.chunks.map(c => Math.floor(c.address / SECTOR) * SECTOR),
        )
        const fillers: Chunk[] = []
        for (const sector of sectors)
            for (let at = sector; at < sector + SECTOR; at += PAYLOAD)
                if (!used.has(at))
                    fillers.push({
                        address: at,
                        data: new Uint8Array(PAYLOAD).fill(0xff),
                    })
        return fillers
    }
}
