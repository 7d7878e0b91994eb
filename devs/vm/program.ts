/** A compiled firmware program and its debug information. */
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { createHash } from "node:crypto"
import {
    copyFileSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmdirSync,
    writeFileSync,
} from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { Symbols } from "./symbols.ts"

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url))

export interface Program {
    image: Uint8Array
    symbols: Symbols
}

/** Where the compiler puts what it makes, whatever the program. */
const COMPILER_OUT = path.join(ROOT, ".devicescript/bin")
const FILES = ["bytecode.devs", "bytecode-dbg.json"]
const CORE_SOURCES = path.join(ROOT, "node_modules/@devicescript/core/src")

/**
 * Compiles a program, unless it is compiled already and nothing in `src`,
 * `boards` and `services` has changed since.
 * @param entry below the repository's folder
 * @throws with the compiler's messages when the program has errors
 */
export function buildProgram(entry = "src/main.ts"): Program {
    const name = path.basename(entry, ".ts")
    const dir = path.join(ROOT, ".devicescript", name)
    const stamp = path.join(dir, "sources.sha256")
    const digest = sourcesDigest(entry)
    // the compiler also leaves DeviceScript's own sources in node_modules
    const isCurrent = () =>
        existsSync(CORE_SOURCES) &&
        existsSync(stamp) &&
        readFileSync(stamp, "utf8") === digest
    if (!isCurrent())
        exclusively(() => {
            if (isCurrent()) return
            compile(entry)
            mkdirSync(dir, { recursive: true })
            for (const file of FILES)
                copyFileSync(
                    path.join(COMPILER_OUT, file),
                    path.join(dir, file),
                )
            writeFileSync(stamp, digest)
        })
    const [image, debug] = FILES.map(f => readFileSync(path.join(dir, f)))
    return { image, symbols: new Symbols(JSON.parse(debug.toString())) }
}

/** How long a compilation in another process may take. */
const COMPILE_LIMIT_MS = 60_000

/** Runs `f` while no other process compiles. */
function exclusively(f: () => void) {
    const lock = path.join(ROOT, ".devicescript/compiling")
    mkdirSync(path.dirname(lock), { recursive: true })
    const until = Date.now() + COMPILE_LIMIT_MS
    const pause = new Int32Array(new SharedArrayBuffer(4))
    while (!tryMkdir(lock)) {
        if (Date.now() > until) {
            rmdirSync(lock) // left by a process that was killed
            continue
        }
        Atomics.wait(pause, 0, 0, 50)
    }
    try {
        f()
    } finally {
        rmdirSync(lock)
    }
}

function tryMkdir(dir: string) {
    try {
        mkdirSync(dir)
        return true
    } catch (e) {
        if ((e as NodeJS.ErrnoException).code === "EEXIST") return false
        throw e
    }
}

function sourcesDigest(entry: string) {
    const hash = createHash("sha256").update(entry)
    for (const dir of ["src", "boards", "services", path.dirname(entry)])
        for (const file of sourceFiles(path.join(ROOT, dir)))
            hash.update(file).update(readFileSync(file))
    hash.update(readFileSync(path.join(ROOT, "package-lock.json")))
    return hash.digest("hex")
}

function sourceFiles(dir: string): string[] {
    if (!existsSync(dir)) return []
    return readdirSync(dir, { recursive: true, encoding: "utf8" })
        .filter(f => /\.(ts|json|md)$/.test(f))
        .sort()
        .map(f => path.join(dir, f))
}

function compile(entry: string) {
    const require = createRequire(import.meta.url)
    const manifest = require.resolve("@devicescript/cli/package.json")
    const cli = path.join(path.dirname(manifest), "devicescript")
    const run = spawnSync(
        process.execPath,
        [cli, "--no-colors", "--ci", "build", entry],
        { cwd: ROOT, encoding: "utf8" },
    )
    if (run.status !== 0)
        throw new Error(
            `devicescript build ${entry} failed:\n${run.stdout}${run.stderr}`,
        )
}
