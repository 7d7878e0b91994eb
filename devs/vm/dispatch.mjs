/**
 * Lets the VM's loop call the handler of an opcode directly, through a switch,
 * where it goes through a table of function pointers. So handlers can be
 * inlined; what they do stays the same.
 */
import library from "binaryen"

/** the library's own types lack much of what is used here */
const binaryen = /** @type {any} */ (library)
const { i32, none } = binaryen

/** DeviceScript 2.16.4; an opcode beyond still finds its way by the table. */
const OPCODES = 95

/**
 * @param {any} m the VM
 * @param {number} loop of `devs_vm_exec_opcodes`
 * @returns {boolean} false: the loop does not look as it should
 */
export function dispatchDirectly(m, loop) {
    const sites = indirectCalls(loop)
    const found = sites.filter(site => switchAt(m, site))
    return found.length > 0 && found.length === sites.length
}

/**
 * @typedef {{ block: number, index: number, call: number }} Site
 * @param {number} expr
 * @returns {Site[]}
 */
function indirectCalls(expr) {
    const { id, children = [], body } = infoOf(expr)
    if (id === binaryen.LoopId) return indirectCalls(body)
    if (id !== binaryen.BlockId) return []
    return children.flatMap(
        (/** @type {number} */ call, /** @type {number} */ index) =>
            infoOf(call).id === binaryen.CallIndirectId
                ? [{ block: expr, index, call }]
                : indirectCalls(call),
    )
}

/** @param {number} expr */
function infoOf(expr) {
    const id = binaryen.getExpressionId(expr)
    const { BlockId, LoopId, CallIndirectId, LoadId, BinaryId, ConstId } =
        binaryen
    const known = [BlockId, LoopId, CallIndirectId, LoadId, BinaryId, ConstId]
    return known.includes(id) ? binaryen.getExpressionInfo(expr) : { id }
}

/**
 * Replaces `(*handlers[opcode])(...)` by a switch.
 * @param {any} m @param {Site} site
 */
function switchAt(m, { block, index, call }) {
    const { target, operands, table } = infoOf(call)
    const { left, right } = infoOf(infoOf(target).ptr ?? target)
    const at = left && infoOf(left).value
    const opcode = right && infoOf(right).left
    if (!at || !opcode) return false
    const arity = operands.length
    const name = `dispatch_${arity}`
    const args = Array.from({ length: arity }, (_, k) => m.local.get(k, i32))
    const params = binaryen.createType(args.map(() => i32))
    const pointer = m.i32.mul(m.local.get(arity, i32), m.i32.const(4))
    let body = m.call_indirect(
        table,
        m.i32.load(at, 4, pointer),
        args,
        params,
        none,
    )
    const names = handlers(m, at, arity)
    const labels = names.map(n => n ?? "other")
    const jump = m.switch(labels, "other", m.local.get(arity, i32))
    body = cases(m, [...new Set(names)], jump, body, arity)
    const all = binaryen.createType([...args, 0].map(() => i32))
    m.addFunction(name, all, none, [], body)
    const direct = [...operands, m.copyExpression(opcode)]
    binaryen.Block.setChildAt(block, index, m.call(name, direct, none))
    return true
}

/**
 * Blocks in each other: a jump out of one gets to its handler.
 * @param {any} m @param {(string | undefined)[]} names
 * @param {number} jump @param {number} other @param {number} arity
 */
function cases(m, names, jump, other, arity) {
    let body = jump
    for (const name of names) {
        if (!name) continue
        const args = Array.from({ length: arity }, (_, k) =>
            m.local.get(k, i32),
        )
        const call = m.call(name, args, none)
        body = m.block(null, [m.block(name, [body]), call, m.return()])
    }
    return m.block(null, [m.block("other", [body]), other])
}

/**
 * Handlers by opcode; `undefined` where it takes other arguments.
 * @param {any} m @param {number} at @param {number} arity
 * @returns {(string | undefined)[]}
 */
function handlers(m, at, arity) {
    const data = segmentAt(m, at)
    const functions = elements(m)
    return Array.from({ length: OPCODES }, (_, k) => {
        const name = data && functions.get(data.getUint32(4 * k, true))
        if (!name) return undefined
        const { params } = binaryen.getFunctionInfo(m.getFunction(name))
        return binaryen.expandType(params).length === arity ? name : undefined
    })
}

/** @param {any} m @param {number} at */
function segmentAt(m, at) {
    for (let k = 0; k < m.getNumDataSegments(); k++) {
        const s = m.getDataSegmentInfo(m.getDataSegmentByIndex(k))
        const from = at - s.offset
        if (!s.passive && from >= 0 && from < s.data.byteLength)
            return new DataView(new Uint8Array(s.data).buffer, from)
    }
    return undefined
}

/**
 * Functions by their place in the table.
 * @param {any} m
 * @returns {Map<number, string>}
 */
function elements(m) {
    const all = new Map()
    for (let k = 0; k < m.getNumElementSegments(); k++) {
        const ref = m.getElementSegmentByIndex(k)
        const { offset, data } = binaryen.getElementSegmentInfo(ref)
        const { value } = binaryen.getExpressionInfo(offset)
        data.forEach((/** @type {string} */ name, /** @type {number} */ i) =>
            all.set(value + i, name),
        )
    }
    return all
}
