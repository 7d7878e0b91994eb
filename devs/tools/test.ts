/**
 * `npm test`: builds the firmware, then runs all tests, or those whose files are
 * named. The other programs are built by the first test that needs one, beside
 * another test.
 */
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import path from "node:path"
import { Command } from "commander"
import { buildProgram, ROOT } from "../vm/program.ts"
import { countingVm } from "../vm/counting.ts"

const cli = new Command("npm test --")
    .description("Runs the tests: all of them, or those in some files.")
    .argument("[words...]", "run only files whose path has one of these words")
    .option("--name <pattern>", "run only tests whose name matches")
    .parse()
const words = cli.args
const { name } = cli.opts<{ name?: string }>()

function testFiles(): string[] {
    const all = readdirSync(path.join(ROOT, "test"), {
        recursive: true,
        encoding: "utf8",
    })
    return all
        .filter(f => f.endsWith(".test.ts"))
        .filter(f => !words.length || words.some(w => f.includes(w)))
        .sort()
        .map(f => path.join("test", f))
}

const files = testFiles()
if (!files.length) {
    console.error("no test file has such a name")
    process.exit(1)
}
buildProgram()
countingVm()
const run = spawnSync(
    process.execPath,
    [
        "--import",
        "tsx",
        "--test",
        "--test-concurrency=2",
        "--test-reporter=spec",
        ...(name ? [`--test-name-pattern=${name}`] : []),
        ...files,
    ],
    { cwd: ROOT, stdio: "inherit" },
)
process.exit(run.status ?? 1)
