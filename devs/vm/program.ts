/** A compiled firmware program and its debug information. */
import { spawnSync } from "node:child_process"
import { createRequire } from "node:module"
import { createHash } from "node:crypto"
import {
    cpSync,
    existsSync,
    mkdirSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"
import { optimize } from "../optimizer/optimize.ts"
import { Symbols } from "./symbols.ts"

/** The repository's folder. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url))

/** Programs of a board, below the repository's folder: its firmware, and what
 * is flashed before it. */
export const FIRMWARE = "src/main.ts"
export const SELFTEST = "src/mainselftest.ts"

export interface Program {
    image: Uint8Array
    symbols: Symbols
}

/** A change to a source: text that occurs once, and what stands there instead. */
export interface Patch {
    /** below the repository's folder */
    file: string
    find: string
    replace: string
}

/** What the compiler makes and reads, below the folder it runs in. */
const MADE = ".devicescript"
const FILES = ["bytecode.devs", "bytecode-dbg.json"]
const CORE_SOURCES = path.join(ROOT, "node_modules/@devicescript/core/src")
/** What the compiler needs beside the sources. */
const SURROUNDINGS = [
    "boards",
    "services",
    "node_modules",
    "devsconfig.json",
    "package.json",
    "tsconfig.json",
]

/**
 * Compiles a program, unless it is compiled already and nothing in `src`,
 * `boards` and `services` has changed since.
 * @param entry below the repository's folder
 * @throws with the compiler's messages when the program has errors
 */
export function buildProgram(entry = FIRMWARE): Program {
    return build(ROOT, entry, sourcesDigest(entry), () => {})
}

/**
 * Compiles the firmware with patches, in a copy of its sources, unless it is
 * compiled already.
 * @param slug names the copy
 * @param entry another program of a board
 * @throws also when a patch does not fit the sources
 */
export function buildPatched(
    slug: string,
    patches: Patch[],
    entry = FIRMWARE,
): Program {
    const tree = path.join(ROOT, MADE, "patched", slug)
    const patched = patchSources(slug, patches)
    const digest = sha256(sourcesDigest(entry), JSON.stringify(patches))
    return build(tree, entry, digest, () => {
        rmSync(tree, { recursive: true, force: true })
        mkdirSync(tree, { recursive: true })
        for (const name of SURROUNDINGS)
            symlinkSync(path.join(ROOT, name), path.join(tree, name))
        cpSync(path.join(ROOT, "src"), path.join(tree, "src"), {
            recursive: true,
        })
        for (const [file, text] of patched)
            writeFileSync(path.join(tree, file), text)
    })
}

/** @returns the patched sources by file; @throws when a patch does not fit */
export function patchSources(slug: string, patches: Patch[]) {
    const texts = new Map<string, string>()
    for (const { file, find, replace } of patches) {
        const text =
            texts.get(file) ?? readFileSync(path.join(ROOT, file), "utf8")
        const parts = text.split(find)
        if (parts.length !== 2)
            throw new Error(
                `${slug} no longer fits ${file}: ${parts.length - 1} times\n${find}`,
            )
        texts.set(file, parts.join(replace))
    }
    return texts
}

/**
 * @param root the folder that the compiler runs in
 * @param digest of all that the program is made of
 * @param prepare fills the folder
 */
function build(
    root: string,
    entry: string,
    digest: string,
    prepare: () => void,
): Program {
    const dir = path.join(root, MADE, path.basename(entry, ".ts"))
    const stamp = path.join(dir, "sources.sha256")
    // the compiler also leaves DeviceScript's own sources in node_modules
    const isCurrent = () =>
        existsSync(CORE_SOURCES) &&
        existsSync(stamp) &&
        readFileSync(stamp, "utf8") === digest
    if (!isCurrent())
        exclusively(() => {
            if (isCurrent()) return
            prepare()
            compile(root, entry)
            mkdirSync(dir, { recursive: true })
            const [image, debug] = FILES.map(f =>
                readFileSync(path.join(root, MADE, "bin", f)),
            )
            const compiled = { image, debug: JSON.parse(debug.toString()) }
            const made = isFirmware(entry)
                ? optimize(compiled.image, compiled.debug, isDoor)
                : compiled
            writeFileSync(path.join(dir, FILES[0]), made.image)
            writeFileSync(path.join(dir, FILES[1]), JSON.stringify(made.debug))
            writeFileSync(stamp, digest)
        })
    const [image, debug] = FILES.map(f => readFileSync(path.join(dir, f)))
    return { image, symbols: new Symbols(JSON.parse(debug.toString())) }
}

/** Programs of tests show what the compiler makes, and what that costs. */
function isFirmware(entry: string) {
    return entry.startsWith("src/")
}

/** What the firmware's side of the door costs is known, and taken off. */
function isDoor(source: string) {
    return source === "src/board/bench.ts"
}

/** Runs `f` while no other process compiles. */
function exclusively(f: () => void) {
    const lock = path.join(ROOT, MADE, "compiling.pid")
    mkdirSync(path.dirname(lock), { recursive: true })
    const pause = new Int32Array(new SharedArrayBuffer(4))
    while (!tryTake(lock)) {
        // on a busy machine it may take minutes: only a dead one has left it
        if (isAlive(holderOf(lock))) Atomics.wait(pause, 0, 0, 50)
        else rmSync(lock, { force: true })
    }
    try {
        f()
    } finally {
        rmSync(lock, { force: true })
    }
}

function tryTake(lock: string) {
    try {
        writeFileSync(lock, `${process.pid}`, { flag: "wx" })
        return true
    } catch (e) {
        if (isNodeError(e, "EEXIST")) return false
        throw e
    }
}

/** @returns undefined: it is just being taken, or given back */
function holderOf(lock: string): number | undefined {
    try {
        return Number(readFileSync(lock, "utf8")) || undefined
    } catch (e) {
        if (isNodeError(e, "ENOENT")) return undefined
        throw e
    }
}

function isAlive(pid: number | undefined) {
    if (pid === undefined) return true
    try {
        process.kill(pid, 0)
        return true
    } catch (e) {
        return !isNodeError(e, "ESRCH")
    }
}

function isNodeError(e: unknown, code: string) {
    return (e as NodeJS.ErrnoException).code === code
}

function sourcesDigest(entry: string) {
    const hash = createHash("sha256").update(entry)
    const dirs = ["src", "boards", "services", "devs/optimizer"]
    for (const dir of [...dirs, path.dirname(entry)])
        for (const file of sourceFiles(path.join(ROOT, dir)))
            // a copy of the repository need not compile again
            hash.update(path.relative(ROOT, file)).update(readFileSync(file))
    hash.update(readFileSync(path.join(ROOT, "package-lock.json")))
    return hash.digest("hex")
}

function sha256(...parts: string[]) {
    const hash = createHash("sha256")
    for (const part of parts) hash.update(part)
    return hash.digest("hex")
}

function sourceFiles(dir: string): string[] {
    if (!existsSync(dir)) return []
    return readdirSync(dir, { recursive: true, encoding: "utf8" })
        .filter(f => /\.(ts|json|md)$/.test(f))
        .sort()
        .map(f => path.join(dir, f))
}

function compile(root: string, entry: string) {
    const require = createRequire(import.meta.url)
    const manifest = require.resolve("@devicescript/cli/package.json")
    const cli = path.join(path.dirname(manifest), "devicescript")
    // before it was optimized, the firmware may be larger than a VM takes
    const options = isFirmware(entry) ? ["--no-verify"] : []
    const run = spawnSync(
        process.execPath,
        [cli, "--no-colors", "--ci", "build", ...options, entry],
        { cwd: root, encoding: "utf8" },
    )
    if (run.status !== 0)
        throw new Error(
            `devicescript build ${entry} failed:\n${run.stdout}${run.stderr}`,
        )
}
