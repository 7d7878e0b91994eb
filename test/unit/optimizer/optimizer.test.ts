/** The optimizer: programs do the same, with less. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import {
    decode,
    encode,
    stackDepth,
    type Code,
    type Instruction,
} from "../../../devs/optimizer/code.ts"
import { inlineAll, type Procedure } from "../../../devs/optimizer/inline.ts"
import { isStatement, Op } from "../../../devs/optimizer/opcodes.ts"
import { improve } from "../../../devs/optimizer/optimize.ts"
import { observe, Other } from "./interpreter.ts"

const PARAMETERS = 2
const SLOTS = 4

/** Instructions without their places, and the statement that a jump goes to. */
interface Statement {
    code: { op: number; operand?: number }[]
    to?: number
}
type Part = Statement["code"]

const { expression } = fc.letrec<{ expression: Part }>(tie => ({
    expression: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        fc.integer({ min: -2, max: 3 }).map(n => [{ op: 0x90 + n }]),
        {
            arbitrary: fc.nat(SLOTS - 1).map(operand => [{ op: 21, operand }]),
            weight: 4,
        },
        fc.nat(1).map(operand => [{ op: Other.LoadGlobal, operand }]),
        fc.constant<Part>([{ op: Other.ReturnValue }]),
        fc
            .tuple(fc.constantFrom(50, 56), tie("expression"))
            .map(([op, e]) => [...e, { op }]),
        fc
            .tuple(
                fc.constantFrom(Other.Add, Other.LessThan, Other.Index),
                tie("expression"),
                tie("expression"),
            )
            .map(([op, x, y]) => [...x, ...y, { op }]),
    ),
}))

const target = fc.nat(23)
const take = (op: number, operand?: number) =>
    expression.map(e => ({ code: [...e, { op, operand }] }))

const statement: fc.Arbitrary<Statement> = fc.oneof(
    { arbitrary: fc.nat(SLOTS - 1).chain(n => take(17, n)), weight: 6 },
    fc.nat(1).chain(n => take(Other.StoreGlobal, n)),
    expression.map(e => ({
        code: [{ op: 0x91 }, ...e, { op: Other.Call1 }],
    })),
    {
        arbitrary: fc
            .tuple(expression, target)
            .map(([e, to]) => ({ code: [...e, { op: 14 }], to })),
        weight: 4,
    },
    target.map(to => ({ code: [{ op: 13 }], to })),
    take(12),
    take(Other.Throw),
    take(Other.StoreReturnValue),
    target.map(to => ({ code: [{ op: 80 }], to })),
    target.map(to => ({ code: [{ op: Other.EndTry }], to })),
)

const program = fc
    .array(statement, { minLength: 3, maxLength: 24 })
    .map(statements => link(statements))

/** Makes jumps of numbers; handlers catch. */
function link(statements: Statement[]): Code {
    let at = 0
    const parts = statements.map(s =>
        s.code.map((i): Instruction => ({ ...i, at: at++ })),
    )
    const handler: Instruction = { op: Other.Catch, at: at++ }
    // the handler reads a variable; all tell how they end
    const end = [
        { op: 0x91, at: at++ },
        { op: 21, operand: SLOTS - 1, at: at++ },
        { op: Other.Call1, at: at++ },
        { op: Other.ReturnValue, at: at++ },
        { op: 12, at: at++ },
    ]
    statements.forEach(({ to }, k) => {
        const last = parts[k].at(-1)!
        if (last.op === 80) last.target = handler
        else if (to !== undefined) last.target = parts[to % parts.length][0]
    })
    // no function reads what a call before it has left
    const begin = [
        { op: Op.Undefined, at: at++ },
        { op: Op.StoreReturnValue, at: at++ },
    ]
    return [...begin, ...parts.flat(), handler, ...end]
}

function procedure(code: Code): Procedure {
    return {
        code,
        slots: SLOTS,
        parameters: PARAMETERS,
        isFixed: false,
        isSpecial: false,
        isPrivate: true,
    }
}

/** A copy, for passes change jumps in place. */
function copyOf(code: Code): Code {
    const copies = new Map(code.map(i => [i, { ...i }]))
    for (const c of copies.values())
        if (c.target) c.target = copies.get(c.target)
    return [...copies.values()]
}

function same(before: string[], after: string[]) {
    // what goes on for long may be cut off at another place
    const isLong = [before, after].some(seen => seen.at(-1) === "for ever")
    const n = isLong
        ? Math.min(before.length, after.length) - 1
        : Math.max(before.length, after.length)
    assert.deepEqual(after.slice(0, n), before.slice(0, n))
}

test("any code does the same after it was improved", () => {
    fc.assert(
        fc.property(
            program,
            fc.tuple(fc.nat(2), fc.boolean()),
            (code, parameters) => {
                const before = observe([code], 0, parameters)
                const improved = procedure(copyOf(code))
                improve(improved)
                assert.ok(improved.slots <= SLOTS)
                assert.ok(improved.code.length <= code.length)
                stackDepth(improved.code)
                same(before, observe([improved.code], 0, parameters))
            },
        ),
        { seed: 7, numRuns: 4000 },
    )
})

/** Its first call of a stranger is one of function `callee` now. */
function callIn(code: Code, callee: number): Code {
    const call = code.findIndex(i => i.op === Other.Call1)
    const others = code.slice(0, call)
    const start = others.findLastIndex(i => isStatement(i.op)) + 1
    Object.assign(code[start], { op: Op.StaticFunction, operand: callee })
    return code
}

test("callers do the same when their callees have become part of them", () => {
    const start = link([{ code: [{ op: 0x91 }, { op: 0x91 }, { op: 3 }] }])
    let inlined = 0
    fc.assert(
        fc.property(program, program, program, (first, second, third) => {
            const codes = [callIn(first, 2), callIn(second, 3), third]
            const all = [callIn(copyOf(start), 1), ...codes]
            const before = observe(all, 1, [2, 0])
            const procedures = all.map(code => procedure(copyOf(code)))
            const left = inlineAll(procedures, improve)
            inlined += all.length - left.length
            for (const k of left) stackDepth(procedures[k].code)
            const after = procedures.map(p => p.code)
            same(before, observe(after, 1, [2, 0]))
        }),
        { seed: 9, numRuns: 3000 },
    )
    assert.ok(inlined > 1000, `${inlined}`)
})

test("what is fixed stays as it is, and where it is", () => {
    const twice = [{ op: Op.True }, { op: Op.ToBool }, { op: Op.ToBool }]
    const make = () => [
        link([{ code: [{ op: 0x91 }, { op: 0x91 }, { op: Other.Call1 }] }]),
        link([{ code: [{ op: 0x91 }, { op: 0x91 }, { op: Other.Call1 }] }]),
        link([{ code: [...twice, { op: Op.Return }] }]),
    ]
    for (const fixed of [1, 2]) {
        const procedures = make().map((code, k) => ({
            ...procedure(k < 2 ? callIn(code, k + 1) : code),
            isFixed: k === fixed,
        }))
        const { code } = procedures[fixed]
        assert.deepEqual(inlineAll(procedures, improve), [0, 1, 2])
        assert.equal(procedures[fixed].code, code)
    }
})

test("a value stays in its variable where the stack has no room for it", () => {
    const load = { op: 21, operand: 0 }
    const add = { op: Other.Add }
    const sum = [load, load, load, add, add]
    const code = link([
        { code: [...sum, { op: 17, operand: 2 }] },
        {
            code: [
                ...Array.from({ length: 14 }, () => load),
                { op: 21, operand: 2 },
                ...Array.from({ length: 14 }, () => add),
                { op: 12 },
            ],
        },
    ])
    const before = observe([code], 0, [3, 0])
    const improved = procedure(copyOf(code))
    improve(improved)
    assert.equal(stackDepth(improved.code), 15)
    same(before, observe([improved.code], 0, [3, 0]))
})

test("what is written reads the same", () => {
    fc.assert(
        fc.property(program, code => {
            const read = decode(encode(code).bytes)
            const plain = (c: Code) =>
                c.map(i => ({
                    op: i.op,
                    operand: i.operand,
                    to: i.target && c.indexOf(i.target),
                }))
            assert.deepEqual(plain(read), plain(code))
        }),
        { seed: 8, numRuns: 3000 },
    )
})
