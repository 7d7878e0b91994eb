/** Functions as lists of instructions, read from bytes and written to them. */
import { hasOperand, isJump, isStatement, Op, valuesTaken } from "./opcodes.ts"

/** Operands below are one byte; this and more is a sign and a length. */
const FIRST_MULTIBYTE = 0xf8
const NEGATIVE = 4
const LENGTH_MASK = 3
/** Functions are whole words. */
const ALIGNMENT = 4

export interface Instruction {
    op: number
    operand?: number
    /** where a jump goes */
    target?: Instruction
    /** where the compiler had put it */
    readonly at: number
}

export type Code = Instruction[]

/**
 * @param start where the compiler had put it
 * @throws when it is no code that the VM would run
 */
export function decode(bytes: Uint8Array, start = 0): Code {
    const byPlace = new Map<number, Instruction>()
    const jumps: [Instruction, number][] = []
    let p = 0
    while (p < bytes.length) {
        const at = p
        const op = bytes[p++]
        if (op === Op.Padding) continue
        const i: Instruction = { op, at: start + at }
        byPlace.set(at, i)
        if (!hasOperand(op)) continue
        let value = bytes[p++]
        if (value >= FIRST_MULTIBYTE) {
            const length = (value & LENGTH_MASK) + 1
            const isNegative = value & NEGATIVE
            value = 0
            for (let k = 0; k < length; k++) value = value * 256 + bytes[p++]
            if (isNegative) value = -value
        }
        if (isJump(op)) jumps.push([i, at + value])
        else i.operand = value
    }
    for (const [i, to] of jumps) {
        i.target = byPlace.get(to)
        if (!i.target) throw new Error(`a jump to ${to}, where nothing is`)
    }
    const code = [...byPlace.values()]
    stackDepth(code)
    return code
}

/**
 * @returns how many values are on the stack at most
 * @throws when it is not empty after each statement, or before a jump's target
 */
export function stackDepth(code: Code): number {
    const targets = new Set(code.map(i => i.target))
    let depth = 0
    let most = 0
    for (const i of code) {
        const taken = valuesTaken(i.op)
        if (taken === undefined) throw new Error(`no instruction: ${i.op}`)
        if (taken > depth || (depth > 0 && targets.has(i)))
            throw new Error(`the stack is wrong at ${i.at}`)
        depth -= taken
        if (!isStatement(i.op)) depth++
        else if (depth) throw new Error(`values are left at ${i.at}`)
        most = Math.max(most, depth)
    }
    if (depth) throw new Error("code ends amid an expression")
    return most
}

/** What is written of a function. */
export interface Written {
    bytes: Uint8Array
    /** of each instruction, from the function's first byte */
    places: Map<Instruction, number>
}

/** Jumps get as short as they can be. */
export function encode(code: Code): Written {
    const sizes = new Map(code.map(i => [i, sizeOf(i.op, i.operand ?? 0)]))
    for (;;) {
        const places = new Map<Instruction, number>()
        let end = 0
        for (const i of code) {
            places.set(i, end)
            end += sizes.get(i)!
        }
        const distance = (i: Instruction) =>
            i.target && places.get(i.target)! - places.get(i)!
        let isSettled = true
        for (const i of code) {
            const size = sizeOf(i.op, distance(i) ?? i.operand ?? 0)
            // a jump never shrinks again, or this might not end
            if (size <= sizes.get(i)!) continue
            sizes.set(i, size)
            isSettled = false
        }
        if (!isSettled) continue
        const bytes = new Uint8Array(Math.ceil(end / ALIGNMENT) * ALIGNMENT)
        for (const i of code)
            write(
                bytes,
                places.get(i)!,
                i.op,
                distance(i) ?? i.operand ?? 0,
                sizes.get(i)!,
            )
        return { bytes, places }
    }
}

function sizeOf(op: number, operand: number): number {
    if (!hasOperand(op)) return 1
    if (operand >= 0 && operand < FIRST_MULTIBYTE) return 2
    const size = Math.abs(operand)
    return 3 + [0xff, 0xffff, 0xffffff].filter(most => size > most).length
}

function write(
    bytes: Uint8Array,
    at: number,
    op: number,
    operand: number,
    size: number,
) {
    bytes[at] = op
    if (size === 1) return
    if (size === 2) {
        bytes[at + 1] = operand
        return
    }
    const length = size - 2
    const sign = operand < 0 ? NEGATIVE : 0
    bytes[at + 1] = FIRST_MULTIBYTE | sign | (length - 1)
    let rest = Math.abs(operand)
    for (let k = length; k > 0; k--) {
        bytes[at + 1 + k] = rest & 0xff
        rest = Math.floor(rest / 256)
    }
}
