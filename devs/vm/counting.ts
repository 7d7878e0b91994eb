/**
 * A VM that counts: binaryen adds counters to the VM's WASM, so that what a
 * program costs is a number that no noisy machine blurs. The counters live in
 * the WASM itself; reading them costs nothing.
 */
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import {
    existsSync,
    mkdirSync,
    readFileSync,
    renameSync,
    writeFileSync,
} from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { VmLayoutError, vmSource } from "./source.ts"
import type { VmBuild } from "./instance.ts"

/** What `add-counters.mjs` shall add. */
export interface CounterPlan {
    counters: string[]
    exportPrefix: string
    /** functions of the VM at whose entry a counter grows */
    atEntry: {
        counter: string
        /** a regular expression for their names */
        functions: string
        /** grows by this parameter; by one when absent */
        parameter?: number
        /** becomes the parameter, instead of growing by it */
        isCopy?: boolean
    }[]
    /** also call `env.on_opcode(pc)` at each opcode */
    profile: boolean
}

/** All counters of a VM since it was made; they wrap at 2^32. */
export interface VmCounters {
    opcodes: WebAssembly.Global
    /** on the garbage-collected heap */
    alloc_bytes: WebAssembly.Global
    /** calls that the bytecode makes, of script and of native functions */
    calls: WebAssembly.Global
    natives: WebAssembly.Global
    /** properties of objects that were looked up by name */
    properties: WebAssembly.Global
    /** `a[i]`, read or written; `o.f`, written */
    indexes: WebAssembly.Global
    /** `getAt`, `setAt` */
    buffer_ops: WebAssembly.Global
    gcs: WebAssembly.Global
    /** address of the collector's state in the VM's memory; see heap.ts */
    gc: WebAssembly.Global
}

const AT_ENTRY: CounterPlan["atEntry"] = [
    {
        // jd_gc_any_try_alloc(gc, tag, size)
        counter: "alloc_bytes",
        functions: "^jd_gc_any_try_alloc$",
        parameter: 2,
    },
    {
        counter: "gc",
        functions: "^jd_gc_any_try_alloc$",
        parameter: 0,
        isCopy: true,
    },
    { counter: "calls", functions: "^devs_fiber_call_function$" },
    { counter: "natives", functions: "^(fun|meth)[0-9X]+_" },
    { counter: "properties", functions: "^devs_function_bind$" },
    { counter: "indexes", functions: "^(expr2_index|stmt3_index_set)$" },
    { counter: "buffer_ops", functions: "^devs_buffer_op$" },
    { counter: "gcs", functions: "^devs_gc$" },
]
const EXPORT_PREFIX = "count_"

export function countersOf(exports: WebAssembly.Exports): VmCounters {
    const names = ["opcodes", ...AT_ENTRY.map(e => e.counter)]
    return Object.fromEntries(
        names.map(name => [name, exports[EXPORT_PREFIX + name]]),
    ) as unknown as VmCounters
}

const builds = new Map<boolean, WebAssembly.Module>()

/**
 * @param onOpcode when given, is also called at each opcode with the program
 * counter: a hundred times slower, for profiles
 */
export function countingVm(onOpcode?: (pc: number) => void): VmBuild {
    const profile = !!onOpcode
    let wasm = builds.get(profile)
    if (!wasm) {
        wasm = new WebAssembly.Module(countingWasm(profile))
        builds.set(profile, wasm)
    }
    return { wasm, onOpcode }
}

export function counterPlan(profile: boolean): CounterPlan {
    return {
        counters: ["opcodes", ...AT_ENTRY.map(e => e.counter)],
        exportPrefix: EXPORT_PREFIX,
        atEntry: AT_ENTRY,
        profile,
    }
}

const SCRIPT = fileURLToPath(new URL("add-counters.mjs", import.meta.url))

/** Adding counters takes some seconds: the result is kept in node_modules. */
function countingWasm(profile: boolean): Uint8Array<ArrayBuffer> {
    const plan = counterPlan(profile)
    const { wasm, file: cli } = vmSource()
    const hash = createHash("sha256")
        .update(wasm)
        .update(JSON.stringify(plan))
        .update(readFileSync(SCRIPT))
    const name = `vm-${hash.digest("hex").slice(0, 16)}.wasm`
    const dir = path.join(path.dirname(cli), "../../../.cache/twinstore")
    const file = path.join(dir, name)
    if (!existsSync(file)) {
        mkdirSync(dir, { recursive: true })
        const part = `${file}.${process.pid}`
        writeFileSync(part, addCounters(plan, wasm))
        renameSync(part, file)
    }
    return new Uint8Array(readFileSync(file))
}

/** @throws VmLayoutError when the VM's WASM has not what is to be counted */
export function addCounters(plan: CounterPlan, wasm: Uint8Array): Uint8Array {
    const args = [SCRIPT, JSON.stringify(plan)]
    const run = spawnSync(process.execPath, args, {
        input: wasm,
        maxBuffer: 16 << 20,
    })
    if (run.error) throw run.error
    if (run.status !== 0)
        throw new VmLayoutError(
            `${run.stderr.toString().trim()} in the VM's WASM`,
        )
    return run.stdout
}
