/** A small VM: enough of the bytecode to tell whether two functions do the same. */
import type { Code, Instruction } from "../../../devs/optimizer/code.ts"

/** Opcodes that the tests use beside those the optimizer knows by name. */
export enum Other {
    Call1 = 3,
    StoreGlobal = 18,
    LoadGlobal = 22,
    Index = 24,
    ReturnValue = 44,
    Undefined = 46,
    Add = 58,
    LessThan = 70,
    EndTry = 81,
    Catch = 82,
    Throw = 84,
    StoreReturnValue = 93,
}

type Value = number | boolean | string | undefined
interface Frame {
    slots: Value[]
    stack: Value[]
    handlers: Instruction[]
}

class Thrown {
    constructor(readonly value: Value) {}
}

class Cut extends Error {}

const number = (v: Value) => Number(v ?? 1) | 0

/** What is called by others than the code knows, and what it can read. */
class World {
    readonly seen: string[] = []
    readonly globals: Value[] = [3, 0]
    returned: Value
    private steps = 0

    constructor(private readonly codes: Code[]) {}

    run(code: Code, parameters: Value[]): Value {
        const f: Frame = { slots: [...parameters], stack: [], handlers: [] }
        const index = new Map(code.map((i, k) => [i, k]))
        for (let k = 0; ;) {
            if (++this.steps > STEPS || this.seen.length > MOST_SEEN)
                throw new Cut()
            if (code[k].op === 12) return f.stack.pop()
            const next = this.step(f, code[k])
            k = next ? index.get(next)! : k + 1
        }
    }

    private step(f: Frame, i: Instruction): Instruction | undefined {
        try {
            return this.execute(f, i)
        } catch (e) {
            const handler = e instanceof Thrown && f.handlers.pop()
            if (!handler) throw e
            f.stack = []
            this.returned = e.value
            return handler
        }
    }

    private execute(f: Frame, i: Instruction) {
        if (i.op >= 0x80) f.stack.push(i.op - 0x90)
        else if (i.op in expressions)
            f.stack.push(expressions[i.op](f, i.operand!, this))
        else if (i.op in statements) statements[i.op](f, i.operand!, this)
        else if (i.op === 13) return i.target
        else if (i.op === 14) return f.stack.pop() ? undefined : i.target
        else if (i.op === 80) f.handlers.push(i.target!)
        else if (i.op === Other.EndTry) {
            f.handlers.pop()
            return i.target
        } else throw new Error(`no instruction: ${i.op}`)
    }

    call(callee: Value, argument: Value) {
        if (typeof callee === "string") {
            this.returned = this.run(this.codes[Number(callee)], [argument])
            return
        }
        this.seen.push(`call ${callee}(${argument}) with ${this.globals}`)
        const n = this.seen.length
        this.globals[number(argument) & 1] = n
        this.returned = n % 3 ? n : undefined
    }
}

type Expression = (f: Frame, operand: number, w: World) => Value
type Statement = (f: Frame, operand: number, w: World) => void

const expressions: Record<number, Expression> = {
    21: (f, n) => f.slots[n],
    // functions are known by strings
    39: (_, n) => `${n}`,
    [Other.LoadGlobal]: (_, n, w) => w.globals[n],
    // reads what a statement may change, and fails for some: as a field does
    [Other.Index]: (f, _, w) => {
        const index = number(f.stack.pop())
        const base = number(f.stack.pop())
        if (base + index < 0) throw new Thrown(base)
        return w.globals[(base + index) % w.globals.length]
    },
    [Other.ReturnValue]: (_f, _n, w) => w.returned,
    [Other.Undefined]: () => undefined,
    50: f => Boolean(f.stack.pop()),
    56: f => !f.stack.pop(),
    [Other.Add]: f => (number(f.stack.pop()) + number(f.stack.pop())) | 0,
    [Other.LessThan]: f => number(f.stack.pop()) > number(f.stack.pop()),
}

const statements: Record<number, Statement> = {
    [Other.Call1]: (f, _, w) => {
        const argument = f.stack.pop()
        w.call(f.stack.pop(), argument)
    },
    17: (f, n) => {
        f.slots[n] = f.stack.pop()
    },
    [Other.StoreGlobal]: (f, n, w) => {
        w.globals[n] = f.stack.pop()
    },
    [Other.StoreReturnValue]: (f, _, w) => {
        w.returned = f.stack.pop()
    },
    [Other.Catch]: () => {},
    [Other.Throw]: f => {
        throw new Thrown(f.stack.pop())
    },
}

const STEPS = 3000
const MOST_SEEN = 60

/**
 * Runs one of some functions.
 * @returns what others saw of it, which is cut off when it goes on for long
 */
export function observe(codes: Code[], k: number, parameters: Value[]) {
    const w = new World(codes)
    const tell = (how: string) => [...w.seen, `${how} with ${w.globals}`]
    try {
        return tell(`returns ${w.run(codes[k], parameters)}`)
    } catch (e) {
        if (e instanceof Cut) return [...w.seen, "for ever"]
        if (e instanceof Thrown) return tell(`throws ${e.value}`)
        throw e
    }
}
