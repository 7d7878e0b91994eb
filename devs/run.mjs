/**
 * Every `npm run` command begins here. Installs and builds what is missing,
 * then runs the tool: so that each command works alone on a fresh clone.
 *
 * Plain JavaScript without dependencies: there may be none yet.
 */
import { spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import { fileURLToPath } from "node:url"

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const MIN_NODE = 20
/** Says which lock file the installed packages came from. */
const STAMP = path.join(ROOT, "node_modules/.twinstore")

/** Tools by name: what Node runs, before the user's own arguments. */
const TOOLS = {
    start: ["devs/tools/start.ts"],
    build: ["devs/tools/build.ts"],
    setup: ["devs/tools/setup.ts"],
    bundle: ["devs/tools/bundle.ts"],
    wiring: ["devs/tools/wiring.ts"],
    flash: ["devs/tools/flash.ts"],
    card: ["devs/tools/card.ts"],
    selftest: ["devs/tools/selftest.ts"],
    monitor: ["devs/tools/monitor.ts"],
    check: ["devs/tools/check.ts"],
    bench: ["devs/tools/bench.ts"],
    torture: ["devs/tools/torture.ts"],
    test: ["devs/tools/test.ts"],
    format: ["node_modules/prettier/bin/prettier.cjs", "--write", "."],
}

const [tool, ...args] = process.argv.slice(2)
const script = TOOLS[/** @type {keyof typeof TOOLS} */ (tool)]
if (!script) {
    console.error(`no tool "${tool}": ${Object.keys(TOOLS).join(", ")}`)
    process.exit(2)
}
if (Number(process.versions.node.split(".")[0]) < MIN_NODE) {
    console.error(`Node.js ${MIN_NODE} or newer is needed`)
    process.exit(1)
}
install()
become(process.execPath, ["--import", "tsx", ...script, ...args])

/** Installs the packages of package-lock.json, unless they are there. */
function install() {
    const lock = readFileSync(path.join(ROOT, "package-lock.json"))
    const digest = createHash("sha256").update(lock).digest("hex")
    if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === digest) return
    console.error("installing packages (once) ...")
    run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"])
    writeFileSync(STAMP, digest)
}

/**
 * Runs a program in the repository's folder, hands signals on to it, and ends
 * as it does.
 * @param {string} program
 * @param {string[]} programArgs
 */
function become(program, programArgs) {
    const child = spawn(program, programArgs, { cwd: ROOT, stdio: "inherit" })
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"]))
        process.on(signal, () => child.kill(signal))
    child.on("error", e => {
        console.error(`cannot run ${program}: ${e.message}`)
        process.exit(1)
    })
    child.on("exit", status => process.exit(status ?? 1))
}

/**
 * Runs a program in the repository's folder; ends with it when it fails.
 * @param {string} program
 * @param {string[]} programArgs
 */
function run(program, programArgs) {
    const { status, signal, error } = spawnSync(program, programArgs, {
        cwd: ROOT,
        stdio: "inherit",
    })
    if (error) {
        console.error(`cannot run ${program}: ${error.message}`)
        process.exit(1)
    }
    if (signal) process.exit(1)
    if (status !== 0) process.exit(status ?? 1)
}
