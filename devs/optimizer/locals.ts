/** Variables: values that need none, and slots that several can share. */
import { stackDepth, type Code, type Instruction } from "./code.ts"
import {
    bit,
    liveAtStart,
    livenessOf,
    loadedBy,
    storedBy,
    targetsOf,
    type Slots,
} from "./flow.ts"
import { without } from "./jumps.ts"
import { isLoad, isStatement, Op, STACK_DEPTH } from "./opcodes.ts"

/**
 * `x = E; f(a, x)`: where nobody reads `x` again, `E` takes the place of `x`.
 * What stands before `x` may only be loads, which `E` does not change.
 */
export function forward(code: Code): Code {
    for (let k = 0; k < code.length;) {
        const stored = storedBy(code[k])
        const moved = stored !== undefined && forwardAt(code, k, stored)
        // what was moved may end in a store that can be moved now
        if (moved) code = moved
        else k++
    }
    return code
}

function forwardAt(code: Code, k: number, variable: number) {
    const load = findLoad(code, k, variable)
    if (load < 0) return undefined
    const live = livenessOf(code).after[load]
    if (live & bit(variable)) return undefined
    const first = startOf(code, k)
    const tried = [
        ...code.slice(0, first),
        ...code.slice(k + 1, load),
        ...code.slice(first, k),
        ...code.slice(load + 1),
    ]
    const start = code[first]
    for (const i of code) if (i.target === start) i.target = tried[first]
    if (stackDepth(tried) <= STACK_DEPTH) return tried
    for (const i of code) if (i.target === tried[first]) i.target = start
    return undefined
}

/** Where what is stored at `k` is read, with nothing but loads before. */
function findLoad(code: Code, k: number, variable: number): number {
    let p = k + 1
    const isBefore = (i: Instruction) =>
        isLoad(i.op) && loadedBy(i) !== variable
    while (p < code.length && isBefore(code[p])) p++
    if (p === code.length || loadedBy(code[p]) !== variable) return -1
    const targets = targetsOf(code)
    for (let q = k + 1; q <= p; q++) if (targets.has(code[q])) return -1
    return p
}

/** Where the statement that ends at `k` begins. */
function startOf(code: Code, k: number): number {
    while (k > 0 && !isStatement(code[k - 1].op)) k--
    return k
}

/** Without stores of plain values that nobody reads. */
export function withoutIdleStores(code: Code): Code {
    const live = livenessOf(code).after
    const idle = new Map<Instruction, Instruction>()
    for (let k = 1; k + 1 < code.length; k++) {
        const [value, store, next] = code.slice(k - 1, k + 2)
        const stored = storedBy(store)
        if (stored === undefined || !isLoad(value.op)) continue
        if (startOf(code, k) !== k - 1) continue
        const isRead = live[k] & bit(stored)
        if (isRead && loadedBy(value) !== stored) continue
        idle.set(value, next)
        idle.set(store, next)
    }
    return without(code, idle)
}

/** A variable that only ever is a copy of a parameter is the parameter. */
export function withoutCopies(code: Code, parameters: number) {
    const stores = new Map<number, Instruction[]>()
    for (const [k, i] of code.entries())
        if (i.op === Op.StoreLocal)
            stores.set(i.operand!, [
                ...(stores.get(i.operand!) ?? []),
                code[k - 1],
            ])
    const unset = liveAtStart(code)
    for (const [variable, values] of stores) {
        const [{ op, operand }] = values
        if (
            values.length === 1 &&
            op === Op.LoadLocal &&
            operand! < parameters &&
            !stores.has(operand!) &&
            variable >= parameters &&
            !(unset & bit(variable))
        )
            for (const i of code)
                if (i.op === Op.LoadLocal && i.operand === variable)
                    i.operand = operand
    }
}

/**
 * Gives variables that are never needed at the same time the same slot: a
 * call's frame is smaller. Parameters keep theirs.
 * @returns how many slots there are now
 */
export function shareSlots(code: Code, parameters: number): number {
    const clashes = findClashes(code)
    const variables = new Set(
        code.flatMap(i =>
            i.op === Op.LoadLocal || i.op === Op.StoreLocal ? i.operand! : [],
        ),
    )
    const slots = new Map<number, number>()
    let count = parameters
    for (const v of [...variables].sort((x, y) => x - y)) {
        if (v < parameters) continue
        const taken = new Set(
            [...slots].filter(([w]) => clashes(v, w)).map(([, s]) => s),
        )
        let free = parameters
        while (taken.has(free)) free++
        slots.set(v, free)
        count = Math.max(count, free + 1)
    }
    for (const i of code)
        if (i.op === Op.LoadLocal || i.op === Op.StoreLocal)
            i.operand = slots.get(i.operand!) ?? i.operand
    return count
}

/** Which variables are needed at the same time. */
function findClashes(code: Code) {
    const live = livenessOf(code).after
    const beside = new Map<number, Slots>()
    for (const [k, i] of code.entries()) {
        if (i.op !== Op.StoreLocal) continue
        const v = i.operand!
        // a copy may share the slot of what it copies
        const same = bit(v) | bit(loadedBy(code[k - 1]) ?? v)
        beside.set(v, (beside.get(v) ?? 0n) | (live[k] & ~same))
    }
    const has = (v: number, w: number) => (beside.get(v) ?? 0n) & bit(w)
    return (v: number, w: number) => Boolean(has(v, w) || has(w, v))
}
