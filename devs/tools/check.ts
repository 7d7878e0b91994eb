/** `npm run check`: formatting, types of both sides, and the firmware build. */
import { spawnSync } from "node:child_process"
import { buildProgram, ROOT, SELFTEST } from "../vm/program.ts"
import { reportSize } from "./size.ts"

function node(script: string, args: string[]) {
    return spawnSync(process.execPath, [script, ...args], {
        cwd: ROOT,
        encoding: "utf8",
    })
}

/** Whether all files are formatted as prettier would. */
function checkFormat(): boolean {
    const args = ["--check", "--log-level", "warn", "."]
    const run = node("node_modules/prettier/bin/prettier.cjs", args)
    process.stdout.write(run.stdout + run.stderr)
    if (run.status !== 0) console.log('run "npm run format"')
    return run.status === 0
}

/**
 * Checks the types of one side. Errors in DeviceScript's own sources, which
 * are compiled with ours and are not written for strict types, do not count.
 */
function checkTypes(project: string): boolean {
    const run = node("node_modules/typescript/bin/tsc", ["-p", project])
    const errors: string[] = []
    let isOurs = false
    for (const line of run.stdout.split("\n").filter(Boolean)) {
        if (/^\S/.test(line)) isOurs = !line.startsWith("node_modules/")
        if (isOurs) errors.push(line)
    }
    if (errors.length) console.log(errors.join("\n"))
    return errors.length === 0
}

const steps: [string, () => boolean][] = [
    // the build comes first: it puts DeviceScript's sources where types are
    ["firmware build", () => reportSize(buildProgram())],
    ["self-test build", () => reportSize(buildProgram(SELFTEST))],
    ["formatting", checkFormat],
    ["types of src/", () => checkTypes("src")],
    ["types of devs/ and test/", () => checkTypes("devs")],
]

/** A step that throws says what is wrong; where in our tools does not matter. */
function tried(step: () => boolean): boolean {
    try {
        return step()
    } catch (e) {
        console.log((e as Error).message)
        return false
    }
}

let isGood = true
for (const [name, step] of steps) {
    const ok = tried(step)
    console.log(`${ok ? "ok  " : "FAIL"} ${name}`)
    isGood &&= ok
}
process.exit(isGood ? 0 : 1)
