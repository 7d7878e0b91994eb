/** Functions that become part of their callers: a call takes 20 µs of a Pico. */
import { encode, type Code, type Instruction } from "./code.ts"
import { bit, liveAtStart } from "./flow.ts"
import { isStatement, namesFunction, Op, valuesTaken } from "./opcodes.ts"

/** A function while it is worked on. */
export interface Procedure {
    code: Code
    slots: number
    readonly parameters: number
    /** stays as it is */
    readonly isFixed: boolean
    /** takes `this`, or more arguments than it names, or makes an object */
    readonly isSpecial: boolean
    /** of it nobody but itself sees the variables */
    readonly isPrivate: boolean
}

/** Functions up to so many bytes become part of all their callers. */
const SMALL_BYTES = 24

/**
 * @param procedures by number; the first is where the program starts
 * @param improve called with each before it moves, and after it has taken others
 * @returns the numbers of those that are left
 */
export function inlineAll(
    procedures: Procedure[],
    improve: (p: Procedure) => void,
): number[] {
    inlineOnlyCalls(procedures, improve)
    inlineSmall(procedures, improve)
    const named = new Set(procedures.flatMap(p => p.code.flatMap(namedBy)))
    return [...procedures.keys()].filter(k => k === 0 || named.has(k))
}

/** Functions that are called at one place alone become part of their caller. */
function inlineOnlyCalls(
    procedures: Procedure[],
    improve: (p: Procedure) => void,
) {
    const callerOf = findOnlyCallers(procedures)
    const visit = (k: number) => {
        const p = procedures[k]
        const callees = [...callerOf].filter(([, by]) => by === k)
        for (const [callee] of callees) visit(callee)
        improve(p)
        for (const [callee] of callees)
            if (k > 0 && canTake(p, procedures[callee])) {
                inline(p, callee, procedures[callee])
                procedures[callee].code = []
            }
        if (callees.length) improve(p)
    }
    for (const k of procedures.keys()) if (!callerOf.has(k)) visit(k)
}

function inlineSmall(procedures: Procedure[], improve: (p: Procedure) => void) {
    const small = procedures.map(p =>
        p.code.length && encode(p.code).bytes.length <= SMALL_BYTES
            ? { ...p }
            : undefined,
    )
    procedures.forEach((p, k) => {
        // what a small one calls is not small to its callers
        if (k === 0 || small[k]) return
        let hasTaken = false
        for (const { callee } of callsIn(p.code)) {
            const taken = small[callee]
            if (!taken || !canTake(p, taken)) continue
            inline(p, callee, taken)
            hasTaken = true
        }
        if (hasTaken) improve(p)
    })
}

/**
 * A frame keeps what its variables last held. That of a loop that never ends
 * would keep it for ever, and that of the start until all memory is taken.
 */
function canTake(caller: Procedure, callee: Procedure): boolean {
    return (
        !caller.isFixed &&
        !callee.isFixed &&
        caller.isPrivate &&
        callee.isPrivate &&
        !callee.isSpecial &&
        returns(caller) &&
        returns(callee) &&
        !callee.code.some(i => i.op === Op.Try)
    )
}

function returns({ code }: Procedure) {
    return code.some(i => i.op === Op.Return)
}

function namedBy({ op, operand }: Instruction): number[] {
    return namesFunction(op) ? [operand!] : []
}

/** A call of a function by its number. */
interface Call {
    callee: number
    /** places in the caller's code: of the function, and of the call */
    from: number
    to: number
    /** where each argument ends */
    ends: number[]
}

/** Functions that are named once, and called there. */
function findOnlyCallers(procedures: Procedure[]): Map<number, number> {
    const uses = new Map<number, number>()
    const callers = new Map<number, number>()
    procedures.forEach(({ code }, by) => {
        for (const k of code.flatMap(namedBy))
            uses.set(k, (uses.get(k) ?? 0) + 1)
        for (const { callee } of callsIn(code)) callers.set(callee, by)
    })
    return new Map(
        [...callers].filter(([k, by]) => uses.get(k) === 1 && k !== by),
    )
}

function callsIn(code: Code): Call[] {
    const calls: Call[] = []
    /** places of the last instructions of the values on the stack */
    const stack: number[] = []
    for (const [k, { op }] of code.entries()) {
        const taken = stack.splice(stack.length - valuesTaken(op)!)
        if (!isStatement(op)) stack.push(k)
        if (op < Op.Call0 || op > Op.Call8) continue
        const [from, ...ends] = taken
        if (code[from].op !== Op.StaticFunction) continue
        calls.push({ callee: code[from].operand!, from, to: k, ends })
    }
    return calls
}

function inline(caller: Procedure, number: number, callee: Procedure) {
    const { code } = caller
    const call = callsIn(code).find(c => c.callee === number)
    // what cannot be reached is not there any more
    if (!call) return
    const base = caller.slots
    const { from, to, ends } = call
    const store = (n: number): Instruction => ({
        op: Op.StoreLocal,
        operand: base + n,
        at: code[to].at,
    })
    const given: Code = []
    let start = from + 1
    ends.forEach((end, n) => {
        given.push(...code.slice(start, end + 1), store(n))
        start = end + 1
    })
    const unset = liveAtStart(callee.code)
    for (let n = 0; n < callee.slots; n++)
        if (unset & bit(n) && n >= ends.length)
            given.push({ op: Op.Undefined, at: code[to].at }, store(n))
    const end: Instruction = code[to + 1]
    const taken = [...given, ...bodyOf(callee.code, base, end)]
    for (const i of code) if (i.target === code[from]) i.target = taken[0]
    caller.code = [...code.slice(0, from), ...taken, ...code.slice(to + 1)]
    // arguments that the callee does not name have slots of their own
    caller.slots = base + Math.max(callee.slots, ends.length)
}

/** A copy that leaves its value where a call would. */
function bodyOf(code: Code, base: number, end: Instruction): Code {
    const copies = new Map(code.map(i => [i, { ...i }]))
    return code.flatMap(old => {
        const i = copies.get(old)!
        if (i.target) i.target = copies.get(i.target)
        if (i.op === Op.LoadLocal || i.op === Op.StoreLocal) i.operand! += base
        if (i.op !== Op.Return) return i
        i.op = Op.StoreReturnValue
        return [i, { op: Op.Jump, target: end, at: i.at }]
    })
}
