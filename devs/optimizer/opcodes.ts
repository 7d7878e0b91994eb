/**
 * DeviceScript's bytecode, version 2.16: what each instruction takes and does.
 * It is postfix: expressions push a value, statements leave an empty stack.
 */

/** Instructions that the optimizer knows by name. */
export enum Op {
    /** fills functions up to whole words */
    Padding = 0,
    Call0 = 2,
    Call8 = 10,
    Return = 12,
    Jump = 13,
    /** when the value on the stack is not true */
    JumpIfNot = 14,
    StoreLocal = 17,
    LoadLocal = 21,
    AsciiField = 27,
    StaticAsciiString = 37,
    StaticFunction = 39,
    /** what the last call left */
    ReturnValue = 44,
    Undefined = 46,
    True = 48,
    False = 49,
    ToBool = 50,
    Not = 56,
    MakeClosure = 75,
    JumpIfNoReturnValue = 78,
    Try = 80,
    StoreReturnValue = 93,
}

/** From here on an instruction is a small number, which it pushes. */
export const FIRST_DIRECT = 0x80
/** Pushes 0. */
export const DIRECT_ZERO = 0x90
const PAST_LAST = 95
/** The stack holds so many values. */
export const STACK_DEPTH = 16

/** How many values instructions take from the stack, by opcodes. */
const TAKES = [
    "1 13 16 20-22 29-31 34-42 44 46 48-49 51 75 77-78 80-83 87 90 94",
    "2 12 14 17-18 23 26-28 32-33 45 47 50 52-57 72 74 76 84-86 88 93",
    "3 11 15 24 58-71 73 79 89 91-92",
    "4 25 43",
    "5 19",
    "6",
    "7",
    "8",
    "9",
    "10",
].map(setOf)
const STATEMENTS = setOf("2-14 17-19 25 31-33 42 73 77-87 93")
/** An operand follows. */
const OPERANDS = setOf("1 13-14 16-18 21-22 26-30 34-41 73-75 78 80-81 86 94")
/** The operand is where to go on, counted from the instruction. */
const JUMPS = setOf("13-14 78 80-81 86")
/** Nothing goes on behind them. */
const FINAL = setOf("12-13 81 84 86")
/** They push true or false. */
const BOOLEANS = setOf("47-50 54 56 68-72 89 91-92")
/** They leave a value, or an exception does. */
const RESULTS = setOf("2-11 31-33 79 82-83")
/**
 * They push variables and constants. Expressions store nothing: whether one is
 * worked out before or after these makes no difference.
 */
const LOADS = setOf("1 16 20-22 29-30 34-41 44 46 48-49 51 90 94")

function setOf(ranges: string): ReadonlySet<number> {
    const all = ranges.split(" ").flatMap(range => {
        const [first, last = first] = range.split("-").map(Number)
        return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    })
    return new Set(all)
}

/** @returns undefined for what is no instruction */
export function valuesTaken(op: number): number | undefined {
    if (op >= FIRST_DIRECT) return 0
    const n = TAKES.findIndex(set => set.has(op))
    return n < 0 || op >= PAST_LAST ? undefined : n
}

export const isStatement = (op: number) => STATEMENTS.has(op)
export const hasOperand = (op: number) => OPERANDS.has(op)
export const isJump = (op: number) => JUMPS.has(op)
export const isFinal = (op: number) => FINAL.has(op)
export const leavesResult = (op: number) => RESULTS.has(op)
/** The operand is a function's number. */
export const namesFunction = (op: number) =>
    op === Op.StaticFunction || op === Op.MakeClosure
export const isBoolean = (op: number) => BOOLEANS.has(op)
export const isLoad = (op: number) => op >= FIRST_DIRECT || LOADS.has(op)
