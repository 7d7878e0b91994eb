/**
 * A VM that counts: binaryen adds counters to the VM's WASM, so that what a
 * program costs is a number that no noisy machine blurs. The counters live in
 * the VM's own memory; reading them costs nothing.
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
    /** each is a word of the VM's memory, one behind the other */
    counters: readonly string[]
    countersAt: number
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

const COUNTERS = [
    "opcodes",
    "alloc_bytes",
    "gc",
    "calls",
    "natives",
    "properties",
    "indexes",
    "buffer_ops",
    "gcs",
] as const

/** Emscripten's data begins at 1024; nobody but a null pointer is below. */
const COUNTERS_AT = 512

/**
 * All counters of a VM since it was made; they wrap at 2^32. Hot: exported
 * globals would be read through an accessor that is ten times slower.
 */
export class VmCounters {
    private readonly words: Uint32Array

    constructor(exports: WebAssembly.Exports) {
        const { buffer } = exports.memory as WebAssembly.Memory
        this.words = new Uint32Array(buffer, COUNTERS_AT, COUNTERS.length)
    }

    get opcodes() {
        return this.words[0]
    }

    /** on the garbage-collected heap */
    get allocBytes() {
        return this.words[1]
    }

    /** address of the collector's state in the VM's memory; see heap.ts */
    get gc() {
        return this.words[2]
    }

    /** calls that the bytecode makes, of script and of native functions */
    get calls() {
        return this.words[3]
    }

    get natives() {
        return this.words[4]
    }

    /** properties of objects that were looked up by name */
    get properties() {
        return this.words[5]
    }

    /** `a[i]`, read or written; `o.f`, written */
    get indexes() {
        return this.words[6]
    }

    /** `getAt`, `setAt` */
    get bufferOps() {
        return this.words[7]
    }

    get gcs() {
        return this.words[8]
    }
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
        counters: COUNTERS,
        countersAt: COUNTERS_AT,
        atEntry: AT_ENTRY,
        profile,
    }
}

const [SCRIPT, DISPATCH] = ["add-counters.mjs", "dispatch.mjs"].map(name =>
    fileURLToPath(new URL(name, import.meta.url)),
)

/** Adding counters takes some seconds: the result is kept in node_modules. */
function countingWasm(profile: boolean): Uint8Array<ArrayBuffer> {
    const plan = counterPlan(profile)
    const { wasm, file: cli } = vmSource()
    const hash = createHash("sha256")
        .update(wasm)
        .update(JSON.stringify(plan))
        .update(readFileSync(SCRIPT))
        .update(readFileSync(DISPATCH))
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
