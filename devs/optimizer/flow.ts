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

/** Which variables somebody reads, before and after each instruction, by place. */
export interface Liveness {
    before: Slots[]
    after: Slots[]
}

/**
 * Within a function that catches exceptions, any instruction may go on at any
 * of its handlers.
 */
export function livenessOf(code: Code): Liveness {
    const places = new Map(code.map((i, k) => [i, k]))
    const targets = code.map(i => places.get(i.target!) ?? -1)
    const handlers = targets.filter((_, k) => code[k].op === Op.Try)
    const read = code.map(reads)
    const kept = code.map(i => ~sets(i))
    const goesOn = code.map((i, k) => !isFinal(i.op) && k + 1 < code.length)
    const before = code.map(() => 0n)
    const after = code.map(() => 0n)
    let hasChanged = true
    while (hasChanged) {
        hasChanged = false
        const caught = handlers.reduce((s, h) => s | before[h], 0n)
        for (let k = code.length - 1; k >= 0; k--) {
            let live = caught
            if (targets[k] >= 0) live |= before[targets[k]]
            if (goesOn[k]) live |= before[k + 1]
            after[k] = live
            live = (live & kept[k]) | read[k]
            if (before[k] === live) continue
            before[k] = live
            hasChanged = true
        }
    }
    return { before, after }
}

/** Variables that are read before they are set: they are undefined. */
export function liveAtStart(code: Code): Slots {
    return livenessOf(code).before[0] ?? 0n
}
