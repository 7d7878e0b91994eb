/**
 * Makes compiled programs smaller and faster; what they do stays the same.
 *
 * DeviceScript's compiler writes each statement for itself: conditions go
 * through variables, jumps are as long as they could be, and a value that is
 * used once is stored first. On a Pico each instruction costs 2.2 µs, and all
 * code must lie below 64 KiB.
 */
import { decode, encode, type Code } from "./code.ts"
import { bit, liveAtStart, RESULT, withoutUnreachable } from "./flow.ts"
import { inlineAll, type Procedure } from "./inline.ts"
import {
    codeStart,
    readImage,
    writeImage,
    type FunctionImage,
} from "./image.ts"
import { thread, withoutIdleConversions, withoutIdleJumps } from "./jumps.ts"
import {
    forward,
    shareSlots,
    withoutCopies,
    withoutIdleStores,
} from "./locals.ts"
import { namesFunction, Op } from "./opcodes.ts"
import { lastNotAfter, marksOf, type Mark } from "./srcmap.ts"

/** What the compiler tells of a program, as far as it changes here. */
export interface Debug {
    functions: {
        startpc: number
        size: number
        /** where it stands in the sources, one after the other, and its length */
        location?: [position: number, length: number]
    }[]
    sources: { path: string; length: number }[]
    /** triples of position, length and pc; first and last as differences */
    srcmap: number[]
}

/** The VM's program counters have 16 bits. */
const CODE_LIMIT = 0xffff

/** Counted in a function's size, though it stands elsewhere. */
const DESCRIPTOR_SIZE = 16

/**
 * @param isFixed of a source's path: what stands there stays as it is
 * @throws when the program is not one that the VM would run
 */
export function optimize<T extends Debug>(
    bytes: Uint8Array,
    debug: T,
    isFixed: (path: string) => boolean,
): { image: Uint8Array; debug: T } {
    const image = readImage(bytes)
    const procedures = image.functions.map((f, k) =>
        procedureOf(
            f,
            debug.functions[k].startpc,
            isFixed(pathOf(debug, debug.functions[k].location?.[0] ?? 0)),
        ),
    )
    const left = inlineAll(procedures, improve)
    const order = byUse(procedures, left)
    const written = order.map(k => {
        const { code, slots } = procedures[k]
        renumber(code, order)
        return { ...encode(code), code, slots, k }
    })
    const marks = marksOf(debug.srcmap)
    const srcmap = new MarkWriter()
    let start = codeStart(written)
    const functions = written.map(({ bytes, places, code, k }) => {
        for (const i of code)
            srcmap.add(
                lastNotAfter(marks, m => m.pc, i.at),
                start + places.get(i)!,
            )
        const size = bytes.length + DESCRIPTOR_SIZE
        const f = { ...debug.functions[k], startpc: start, size }
        start += bytes.length
        return f
    })
    if (start > CODE_LIMIT)
        throw new Error(
            `the program's code ends at ${start}: a VM takes ${CODE_LIMIT} bytes`,
        )
    return {
        image: writeImage({
            ...image,
            functions: written.map(({ k, bytes, slots }) => ({
                ...image.functions[k],
                code: bytes,
                slots,
            })),
        }),
        debug: { ...debug, functions, srcmap: srcmap.all },
    }
}

function pathOf({ sources }: Debug, position: number): string {
    for (const { path, length } of sources) {
        if (position < length) return path
        position -= length
    }
    return ""
}

function procedureOf(
    f: FunctionImage,
    startpc: number,
    isFixed: boolean,
): Procedure {
    const code = decode(f.code, startpc)
    if (liveAtStart(code) & bit(RESULT))
        throw new Error("a function reads what no call of it has left")
    return {
        code,
        slots: f.slots,
        parameters: f.parameters,
        isFixed,
        isSpecial: f.flags !== 0,
        // a closure reads the variables of functions around it
        isPrivate: !code.some(i => i.op === Op.MakeClosure),
    }
}

/** The passes, until none finds anything. */
export function improve(p: Procedure) {
    if (p.isFixed) return
    for (let before = Infinity; p.code.length < before;) {
        before = p.code.length
        p.code = withoutIdleConversions(withoutUnreachable(p.code))
        if (p.isPrivate) {
            withoutCopies(p.code, p.parameters)
            p.code = forward(withoutIdleStores(p.code))
            thread(p.code)
        }
        p.code = withoutIdleJumps(withoutUnreachable(p.code))
    }
    if (p.isPrivate) p.slots = shareSlots(p.code, p.parameters)
}

/** Functions that are named often get small numbers, which are shorter. */
function byUse(procedures: Procedure[], left: number[]): number[] {
    const uses = procedures.map(() => 0)
    for (const k of left)
        for (const { op, operand } of procedures[k].code)
            if (namesFunction(op)) uses[operand!]++
    // the VM starts with the first
    const [first, ...others] = left
    return [first, ...others.sort((x, y) => uses[y] - uses[x])]
}

function renumber(code: Code, order: number[]) {
    for (const i of code)
        if (namesFunction(i.op)) i.operand = order.indexOf(i.operand!)
}

class MarkWriter {
    readonly all: number[] = []
    private last: Mark = { position: 0, length: 0, pc: 0 }

    add(mark: Mark | undefined, pc: number) {
        if (!mark) return
        const { position, length } = mark
        if (this.all.length && position === this.last.position) return
        this.all.push(position - this.last.position, length, pc - this.last.pc)
        this.last = { position, length, pc }
    }
}
