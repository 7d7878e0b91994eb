/**
 * A compiled program's image: header, sections, functions. Layouts are those
 * of DeviceScript 2.16 (`devs_format.h`); all numbers are little-endian.
 */

const HEADER_SIZE = 32
const SECTIONS = 10
const SECTION_SIZE = 8
const FUNCTION_SIZE = 16
const IMAGE_ALIGNMENT = 32
/** Places of sections in the header. */
enum Section {
    Functions = 0,
    Code,
}
/** A function's descriptor, without where it lies. */
export interface FunctionImage {
    code: Uint8Array
    slots: number
    parameters: number
    /** takes `this`, or a list of arguments, or makes an object */
    flags: number
    /** the rest of the descriptor: parameters, flags, name, try frames */
    rest: Uint8Array
}

export interface Image {
    header: Uint8Array
    functions: FunctionImage[]
    /** the sections behind the code */
    others: Uint8Array[]
}

export function readImage(bytes: Uint8Array): Image {
    const view = viewOf(bytes)
    const section = (k: number) => {
        const at = HEADER_SIZE + k * SECTION_SIZE
        const start = view.getUint32(at, true)
        return bytes.slice(start, start + view.getUint32(at + 4, true))
    }
    const table = section(Section.Functions)
    const descriptors = viewOf(table)
    const functions: FunctionImage[] = []
    for (let at = 0; at < table.length; at += FUNCTION_SIZE) {
        const start = descriptors.getUint32(at, true)
        const length = descriptors.getUint32(at + 4, true)
        functions.push({
            code: bytes.slice(start, start + length),
            slots: descriptors.getUint16(at + 8, true),
            parameters: descriptors.getUint8(at + 10),
            flags: descriptors.getUint8(at + 11),
            rest: table.slice(at + 10, at + FUNCTION_SIZE),
        })
    }
    return {
        header: bytes.slice(0, HEADER_SIZE),
        functions,
        others: Array.from({ length: SECTIONS - 2 }, (_, k) =>
            section(Section.Code + 1 + k),
        ),
    }
}

/** Where the code of the first function begins. */
export function codeStart(functions: readonly unknown[]): number {
    const headers = HEADER_SIZE + SECTIONS * SECTION_SIZE
    return headers + functions.length * FUNCTION_SIZE
}

export function writeImage({ header, functions, others }: Image): Uint8Array {
    const table = new Uint8Array(functions.length * FUNCTION_SIZE)
    const descriptors = viewOf(table)
    let start = codeStart(functions)
    functions.forEach(({ code, slots, rest }, k) => {
        const at = k * FUNCTION_SIZE
        descriptors.setUint32(at, start, true)
        descriptors.setUint32(at + 4, code.length, true)
        descriptors.setUint16(at + 8, slots, true)
        table.set(rest, at + 10)
        start += code.length
    })
    return writeSections(header, [
        table,
        concat(functions.map(f => f.code)),
        ...others,
    ])
}

function writeSections(header: Uint8Array, sections: Uint8Array[]) {
    const table = new Uint8Array(SECTIONS * SECTION_SIZE)
    const view = viewOf(table)
    let start = HEADER_SIZE + table.length
    sections.forEach((s, k) => {
        view.setUint32(k * SECTION_SIZE, start, true)
        view.setUint32(k * SECTION_SIZE + 4, s.length, true)
        start += s.length
    })
    const all = concat([header, table, ...sections])
    const size = Math.ceil(all.length / IMAGE_ALIGNMENT) * IMAGE_ALIGNMENT
    return concat([all, new Uint8Array(size - all.length)])
}

function concat(parts: Uint8Array[]): Uint8Array {
    return new Uint8Array(Buffer.concat(parts))
}

function viewOf(bytes: Uint8Array) {
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
