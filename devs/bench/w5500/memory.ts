/** How SPI frames get to a chip's registers and buffers. */

const KILO = 1024
const BUFFER_KILOBYTES = [0, 1, 2, 4, 8, 16]

/** A socket's part of the chip's memory; none for a size that there is not. */
export function part(
    memory: Uint8Array<ArrayBuffer>,
    from: number,
    kilobytes: number,
) {
    const size = BUFFER_KILOBYTES.includes(kilobytes) ? kilobytes * KILO : 0
    const start = Math.min(from, memory.length - size)
    return memory.subarray(start, start + size)
}

export interface Registers {
    read(at: number): number
    write(at: number, value: number): void
}

export function accessRegisters(
    data: Uint8Array,
    address: number,
    isWrite: boolean,
    registers: Registers,
) {
    for (let i = 0; i < data.length; i++) {
        if (isWrite) {
            registers.write(address + i, data[i])
            data[i] = 0
        } else data[i] = registers.read(address + i)
    }
}

/** Addresses wrap at the size of the socket's buffer. */
export function accessBuffer(
    data: Uint8Array,
    address: number,
    isWrite: boolean,
    memory: Uint8Array,
) {
    if (!memory.length) return void data.fill(0)
    for (let i = 0; i < data.length;) {
        const at = (address + i) % memory.length
        const n = Math.min(data.length - i, memory.length - at)
        if (isWrite) memory.set(data.subarray(i, i + n), at)
        else data.set(memory.subarray(at, at + n), i)
        i += n
    }
    if (isWrite) data.fill(0)
}
