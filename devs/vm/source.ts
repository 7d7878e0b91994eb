/**
 * Finds the DeviceScript VM inside `@devicescript/cli`.
 *
 * The CLI is one bundled file; the WASM VM is one module of it, with the WASM
 * as a base64 data URI. We slice both out, so that any number of VMs run in
 * one process, each with a clock and a world of its own.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import path from "node:path"

const MODULE_MARKER =
    '"runtime/devicescript-vm/built/devicescript-vm.js"(exports, module2) {'
const WASM_MARKER = 'wasmBinaryFile = "data:application/octet-stream;base64,'

/** The version of the CLI whose inner layout this file knows. */
export const KNOWN_CLI_VERSION = "2.16.4"

export interface VmSource {
    /** the glue code, a CommonJS module body, without its WASM */
    glue: string
    wasm: Uint8Array<ArrayBuffer>
    /** where the CLI's bundle lies; the glue wants it as `__filename` */
    file: string
}

export class VmLayoutError extends Error {
    constructor(what: string, version = "as installed") {
        super(
            `cannot find ${what} in @devicescript/cli ${version}; Twinstore ` +
                `knows the layout of ${KNOWN_CLI_VERSION}: run "npm ci", ` +
                `or adapt devs/vm/ to the new version`,
        )
    }
}

let cached: VmSource | undefined

/** @throws VmLayoutError when the CLI holds its VM elsewhere */
export function vmSource(): VmSource {
    cached ??= readVmSource()
    return cached
}

function readVmSource(): VmSource {
    const require = createRequire(import.meta.url)
    const file = require.resolve("@devicescript/cli/built/devicescript-cli.cjs")
    const manifest = path.join(path.dirname(file), "../package.json")
    const { version } = JSON.parse(readFileSync(manifest, "utf8"))
    return sliceVm(readFileSync(file, "utf8"), file, version)
}

/** Slices the VM out of the text of the CLI's bundle. */
export function sliceVm(text: string, file: string, version: string): VmSource {
    const at = text.indexOf(MODULE_MARKER)
    if (at < 0) throw new VmLayoutError("the VM module", version)
    const end = text.indexOf("\n});\n", at)
    if (end < 0) throw new VmLayoutError("the end of the VM module", version)
    const body = text.slice(
        at + MODULE_MARKER.length,
        text.lastIndexOf("}", end),
    )
    const wasmAt = body.indexOf(WASM_MARKER)
    if (wasmAt < 0) throw new VmLayoutError("the VM's WASM", version)
    const start = wasmAt + WASM_MARKER.length
    const stop = body.indexOf('"', start)
    const base64 = body.slice(start, stop)
    const glue = body.slice(0, start) + body.slice(stop)
    if (!glue.includes('["instantiateWasm"]'))
        throw new VmLayoutError("the hook for instantiation", version)
    return { glue, wasm: new Uint8Array(Buffer.from(base64, "base64")), file }
}
