/** `npm run setup`: asks for the settings of a pair, and checks them. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { input } from "@inquirer/prompts"
import { Command } from "commander"
import { checkPair, checkValue } from "../setup/check.ts"
import { FIELDS, KEYS, type Values } from "../setup/fields.ts"
import { readPairFile, tellProblems, writePairFile } from "../setup/pairfile.ts"

interface Options {
    file: string
    check?: boolean
    defaults?: boolean
}

const program = new Command()
    .name("npm run setup --")
    .description(
        "Asks for the settings of a pair, and writes them to a file that both " +
            "boards are made from. What the file has already is suggested.",
    )
    .option("--file <file>", "the file", "twinstore.env")
    .option("--check", "ask nothing; say what is wrong with the file")
    .option("--defaults", "ask nothing; fill in what is missing")
    .action((opts: Options) => (opts.check ? check(opts.file) : set(opts)))

/** Says all that is wrong with a file. */
function check(file: string) {
    if (!existsSync(file))
        return fail([`${file} is not there: \`npm run setup\` makes it`])
    const found = readPairFile(readFileSync(file, "utf8"))
    const wrong = tellProblems(file, found, checkPair(found.values))
    if (wrong.length) return fail(wrong)
    console.log(`${file}: all is well`)
}

async function set({ file, defaults }: Options) {
    const found = readPairFile(
        existsSync(file) ? readFileSync(file, "utf8") : "",
    )
    const strange = tellProblems(file, found, [])
    if (strange.length) return fail([...strange, "nothing was written"])
    const values = { ...found.values }
    for (const key of KEYS) {
        const suggested = values[key] || FIELDS[key].suggest()
        values[key] = defaults ? suggested : await ask(key, suggested)
    }
    const wrong = tellProblems(file, found, checkPair(values))
    if (wrong.length) return fail([...wrong, "nothing was written"])
    // it has secrets
    writeFileSync(file, writePairFile(values), { mode: 0o600 })
    console.log(`${file} is written`)
}

async function ask(key: keyof Values, suggested: string): Promise<string> {
    const answer = await input({
        message: `${key}: ${FIELDS[key].about}`,
        default: suggested,
        validate: value => checkValue(key, value.trim()) ?? true,
    })
    return answer.trim()
}

function fail(lines: string[]) {
    for (const line of lines) console.error(line)
    process.exitCode = 1
}

program.parseAsync().catch((e: Error) => {
    // Ctrl-C at a question
    if (e.name !== "ExitPromptError") throw e
    fail(["nothing was written"])
})
