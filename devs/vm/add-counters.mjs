/**
 * Adds counters to the VM's WASM: standard input to standard output.
 * A program of its own and plain JavaScript, because binaryen's 14 MB of
 * script take ten seconds to load through a TypeScript loader.
 *
 * Arguments: a JSON object, see `CounterPlan` in counting.ts.
 */
import { readFileSync } from "node:fs"
import library from "binaryen"
import { dispatchDirectly } from "./dispatch.mjs"

/** the library's own types lack the setters of expressions */
const binaryen = /** @type {any} */ (library)

/** @type {import("./counting.ts").CounterPlan} */
const plan = JSON.parse(process.argv[2])
const { i32, none } = binaryen
const m = binaryen.readBinary(readFileSync(0))

// emscripten leaves low memory free, so that address 0 is nobody's
for (let i = 0; i < m.getNumDataSegments(); ++i) {
    const { offset } = m.getDataSegmentInfo(m.getDataSegmentByIndex(i))
    if (offset < plan.countersAt + 4 * plan.counters.length)
        fail("free memory where the counters are")
}

/** @param {string} name */
const addressOf = name =>
    m.i32.const(plan.countersAt + 4 * plan.counters.indexOf(name))
/** @param {string} name @param {number} what */
const set = (name, what) => m.i32.store(0, 4, addressOf(name), what)
/** @param {string} name @param {number} what */
const add = (name, what) =>
    set(name, m.i32.add(m.i32.load(0, 4, addressOf(name)), what))

const functions = Array.from({ length: m.getNumFunctions() }, (_, i) => {
    const fn = m.getFunctionByIndex(i)
    const { name, body, results } = binaryen.getFunctionInfo(fn)
    return { fn, name, body, results }
})

for (const entry of plan.atEntry) {
    const { counter, functions: pattern, parameter } = entry
    const matching = new RegExp(pattern)
    const found = functions.filter(f => f.body && matching.test(f.name))
    if (!found.length) fail(`a function like ${pattern}`)
    for (const f of found) {
        const what =
            parameter === undefined
                ? m.i32.const(1)
                : m.local.get(parameter, i32)
        const count = entry.isCopy ? set(counter, what) : add(counter, what)
        f.body = m.block(null, [count, f.body], f.results)
        binaryen.Function.setBody(f.fn, f.body)
    }
}

countOpcodes()
// for V8 this is a tenth off a virtual second; what is counted stays the same
binaryen.setOptimizeLevel(4)
binaryen.setShrinkLevel(0)
// what `dispatchDirectly` calls is to be inlined; without, it gains nothing
binaryen.setAlwaysInlineMaxSize(60)
binaryen.setFlexibleInlineMaxSize(60)
m.optimize()
process.stdout.write(m.emitBinary())

/** The loop of `devs_vm_exec_opcodes` turns once an opcode. */
function countOpcodes() {
    const f = functions.find(f => f.name === "devs_vm_exec_opcodes")
    const loop = f && findLoop(f.body)
    if (!loop) return fail("the opcode loop")
    const first = [add("opcodes", m.i32.const(1))]
    if (plan.profile) {
        m.addFunctionImport("on_opcode", "env", "on_opcode", i32, none)
        first.push(m.call("on_opcode", [currentPc()], none))
    }
    if (!dispatchDirectly(m, loop)) fail("calls of opcodes' handlers")
    const { body } = binaryen.getExpressionInfo(loop)
    binaryen.Loop.setBody(loop, m.block(null, [...first, body]))
}

/** `ctx->curr_fn->pc`; `ctx` is the function's parameter 0. */
function currentPc() {
    const CURR_FN = 232
    const PC = 4
    const frame = m.i32.load(CURR_FN, 4, m.local.get(0, i32))
    return m.i32.load16_u(PC, 2, frame)
}

/**
 * @param {number} expr
 * @returns {number | undefined}
 */
function findLoop(expr) {
    const info = binaryen.getExpressionInfo(expr)
    if (info.id === binaryen.LoopId) return expr
    for (const e of [...(info.children ?? []), info.ifTrue, info.ifFalse]) {
        const found = e ? findLoop(e) : undefined
        if (found) return found
    }
    return undefined
}

/** @param {string} what */
function fail(what) {
    console.error(what)
    process.exit(1)
}
