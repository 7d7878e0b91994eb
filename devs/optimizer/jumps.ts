/** Jumps that go straight to where they end. */
import type { Code, Instruction } from "./code.ts"
import {
    bit,
    livenessOf,
    loadedBy,
    storedBy,
    targetsOf,
    type Slots,
} from "./flow.ts"
import {
    DIRECT_ZERO,
    FIRST_DIRECT,
    isBoolean,
    isStatement,
    Op,
} from "./opcodes.ts"

/** What variables are worth in a condition, where that is known. */
type Truths = Map<number, boolean>

interface Flow {
    code: Code
    liveBefore: Slots[]
    index: Map<Instruction, number>
    targets: Set<Instruction>
}

/**
 * `a && b` keeps its value in a variable, and asks it twice. A jump that is
 * taken because a variable is false goes on to where that leads, unless the
 * variables are still read there that would be set on the way.
 */
export function thread(code: Code) {
    const flow: Flow = {
        code,
        liveBefore: livenessOf(code).before,
        index: new Map(code.map((i, k) => [i, k])),
        targets: targetsOf(code),
    }
    for (const [k, i] of code.entries()) {
        if (i.op === Op.Jump)
            i.target = destination(i.target!, truthsBefore(flow, k), flow)
        else if (i.op === Op.JumpIfNot)
            i.target = destination(i.target!, truthsOfJump(code, k), flow)
    }
}

/** What is known when the condition before `k` does not hold. */
function truthsOfJump(code: Code, k: number): Truths {
    let value = false
    let p = k - 1
    for (; code[p].op === Op.ToBool || code[p].op === Op.Not; p--)
        if (code[p].op === Op.Not) value = !value
    const loaded = loadedBy(code[p])
    return new Map(loaded === undefined ? [] : [[loaded, value]])
}

/** What the statement before `k` has set. */
function truthsBefore({ code, targets }: Flow, k: number): Truths {
    const truths: Truths = new Map()
    if (k < 2 || targets.has(code[k])) return truths
    const stored = storedBy(code[k - 1])
    const value = constantAt(code, k - 2)
    if (stored !== undefined && value !== undefined) truths.set(stored, value)
    return truths
}

/** What a whole expression of one instruction is worth. */
function constantAt(code: Code, k: number): boolean | undefined {
    const { op } = code[k]
    if (k > 0 && !isStatement(code[k - 1].op)) return undefined
    if (op >= FIRST_DIRECT) return op !== DIRECT_ZERO
    if (op === Op.True) return true
    return op === Op.False || op === Op.Undefined ? false : undefined
}

/** Follows a jump as long as all is known. */
function destination(
    start: Instruction,
    truths: Truths,
    { code, liveBefore, index }: Flow,
): Instruction {
    let best = start
    /** what was set on the way, and must not be read at the destination */
    let skipped: Slots = 0n
    const seen = new Set<Instruction>()
    for (let at = start; !seen.has(at);) {
        seen.add(at)
        const step = follow(code, index.get(at)!, truths)
        if (!step) break
        skipped |= step.sets
        at = step.to
        if ((liveBefore[index.get(at)!] & skipped) === 0n) best = at
    }
    return best
}

/** One statement, if it only moves what is known. */
function follow(code: Code, k: number, truths: Truths) {
    if (code[k].op === Op.Jump) return { to: code[k].target!, sets: 0n }
    const loaded = loadedBy(code[k])
    let value = loaded === undefined ? undefined : truths.get(loaded)
    for (k++; value !== undefined && k < code.length; k++) {
        const i = code[k]
        const stored = storedBy(i)
        if (i.op === Op.Not) value = !value
        else if (i.op === Op.JumpIfNot)
            return { to: value ? code[k + 1] : i.target!, sets: 0n }
        else if (stored !== undefined) {
            truths.set(stored, value)
            return { to: code[k + 1], sets: bit(stored) }
        } else if (i.op !== Op.ToBool) return undefined
    }
    return undefined
}

/** Without jumps to what follows anyway. */
export function withoutIdleJumps(code: Code): Code {
    const idle = new Map<Instruction, Instruction>()
    code.forEach((i, k) => {
        if (i.op === Op.Jump && i.target === code[k + 1])
            idle.set(i, code[k + 1])
    })
    return without(code, idle)
}

/** Without conversions that change nothing: a condition is one anyway. */
export function withoutIdleConversions(code: Code): Code {
    const kept: Code = []
    for (const [k, i] of code.entries()) {
        const before = kept.at(-1)?.op ?? Op.Padding
        const isAsked = [Op.JumpIfNot, Op.Not].includes(code[k + 1]?.op)
        if (i.op === Op.ToBool && (isAsked || isBoolean(before))) continue
        if (i.op === Op.Not && isAsked && before === Op.Not) kept.pop()
        else kept.push(i)
    }
    return kept
}

/** Takes instructions out; jumps to one go to what is given for it. */
export function without(code: Code, gone: Map<Instruction, Instruction>): Code {
    const end = (i: Instruction) => {
        while (gone.has(i)) i = gone.get(i)!
        return i
    }
    for (const i of code) if (i.target) i.target = end(i.target)
    return code.filter(i => !gone.has(i))
}
