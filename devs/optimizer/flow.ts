/** Where a function goes on, and which of its variables it still reads. */
import type { Code, Instruction } from "./code.ts"
import { isFinal, leavesResult, Op } from "./opcodes.ts"

/** Slots by number: bit n + 1 is slot n, for `RESULT` comes first. */
export type Slots = bigint

/** What a call leaves is a variable, too. No slot has its number. */
export const RESULT = -1

export const bit = (n: number): Slots => 1n << BigInt(n + 1)
const RESULT_BIT = bit(RESULT)

/** The variable that an instruction pushes. */
export function loadedBy(i: Instruction): number | undefined {
    if (i.op === Op.LoadLocal) return i.operand
    return i.op === Op.ReturnValue ? RESULT : undefined
}

/** The variable that an instruction stores what is on the stack in. */
export function storedBy(i: Instruction): number | undefined {
    if (i.op === Op.StoreLocal) return i.operand
    return i.op === Op.StoreReturnValue ? RESULT : undefined
}

function reads(i: Instruction): Slots {
    if (i.op === Op.JumpIfNoReturnValue) return RESULT_BIT
    const loaded = loadedBy(i)
    return loaded === undefined ? 0n : bit(loaded)
}

function sets(i: Instruction): Slots {
    if (leavesResult(i.op)) return RESULT_BIT
    const stored = storedBy(i)
    return stored === undefined ? 0n : bit(stored)
}

/** Instructions that something jumps to, or that an exception goes to. */
export function targetsOf(code: Code): Set<Instruction> {
    return new Set(code.flatMap(i => i.target ?? []))
}

/** Keeps what can be reached. */
export function withoutUnreachable(code: Code): Code {
    const next = new Map(code.map((i, k) => [i, code[k + 1]]))
    const reached = new Set<Instruction>()
    const open: Instruction[] = code.slice(0, 1)
    for (let i = open.pop(); i; i = open.pop()) {
        if (reached.has(i)) continue
        reached.add(i)
        if (i.target) open.push(i.target)
        const following = next.get(i)
        if (following && !isFinal(i.op)) open.push(following)
    }
    return code.filter(i => reached.has(i))
}

/** Which variables somebody reads, before and after each instruction. */
export interface Liveness {
    before: Map<Instruction, Slots>
    after: Map<Instruction, Slots>
}

/**
 * Within a function that catches exceptions, any instruction may go on at any
 * of its handlers.
 */
export function livenessOf(code: Code): Liveness {
    const handlers = code.flatMap(i => (i.op === Op.Try ? i.target! : []))
    const before = new Map<Instruction, Slots>()
    const after = new Map<Instruction, Slots>()
    let hasChanged = true
    while (hasChanged) {
        hasChanged = false
        const caught = handlers.reduce((s, h) => s | (before.get(h) ?? 0n), 0n)
        for (let k = code.length - 1; k >= 0; k--) {
            const i = code[k]
            let live = caught
            if (i.target) live |= before.get(i.target) ?? 0n
            if (!isFinal(i.op) && k + 1 < code.length)
                live |= before.get(code[k + 1]) ?? 0n
            after.set(i, live)
            live = (live & ~sets(i)) | reads(i)
            if (before.get(i) === live) continue
            before.set(i, live)
            hasChanged = true
        }
    }
    return { before, after }
}

/** Variables that are read before they are set: they are undefined. */
export function liveAtStart(code: Code): Slots {
    return livenessOf(code).before.get(code[0]) ?? 0n
}
