/** `npm run bundle`: all that a board needs, in one file to flash. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import { Command, Option } from "commander"
import { bundle, programFor } from "../bundle/bundle.ts"
import { KINDS, type Kind } from "../bundle/kinds.ts"
import { boardSettings } from "../setup/boardsettings.ts"
import { checkPair } from "../setup/check.ts"
import { readPairFile, tellProblems } from "../setup/pairfile.ts"
import { reportSize } from "./size.ts"

interface Options {
    board: "a" | "b"
    for: string
    settings: string
    firmware?: string
    out?: string
}

/** Where firmware images are looked for, and bundles are put. */
const FOLDER = "bundles"

const kinds = Object.entries(KINDS).map(([name, k]) => `${name}: ${k.about}`)
const program = new Command()
    .name("npm run bundle --")
    .description(
        "Puts DeviceScript's firmware, the board's pins, the program and the " +
            "settings of one board of a pair into one file to flash.",
    )
    .addOption(
        new Option("--board <name>", "board of the pair")
            .choices(["a", "b"])
            .makeOptionMandatory(),
    )
    .addOption(
        new Option("--for <kind>", kinds.join("; "))
            .choices(Object.keys(KINDS))
            .makeOptionMandatory(),
    )
    .option("--settings <file>", "of the pair", "twinstore.env")
    .option("--firmware <file>", "DeviceScript's image for such a board")
    .option("--out <file>", `the file to make; in ${FOLDER} when absent`)
    .action(run)

function run(opts: Options) {
    const kind = KINDS[opts.for]
    const settings = settingsOf(opts)
    const firmware = settings && firmwareFor(kind, opts.firmware)
    if (!settings || !firmware) return
    const program = programFor(kind)
    if (!reportSize(program)) return fail("the program is too large")
    const out =
        opts.out ??
        path.join(FOLDER, `${opts.for}-${opts.board}.${kind.format}`)
    try {
        const image = bundle(kind, firmware, program.image, settings)
        mkdirSync(path.dirname(out), { recursive: true })
        writeFileSync(out, image)
        console.log(`${out}: ${image.length} B`)
    } catch (e) {
        fail((e as Error).message)
    }
}

function settingsOf({ board, settings: file }: Options) {
    if (!existsSync(file))
        return fail(`${file} is not there: \`npm run setup\` makes it`)
    const found = readPairFile(readFileSync(file, "utf8"))
    const wrong = tellProblems(file, found, checkPair(found.values))
    return wrong.length ? fail(...wrong) : boardSettings(found.values, board)
}

/** It is not ours to give away: who wants it downloads it once. */
function firmwareFor(kind: Kind, file?: string): Uint8Array | undefined {
    const name = path.basename(kind.firmware)
    const where = file ?? path.join(FOLDER, name)
    if (existsSync(where)) return readFileSync(where)
    return fail(
        `${where} is not there. Download ${kind.firmware}`,
        file
            ? "or name another file with --firmware"
            : `and put it there, or name it with --firmware`,
    )
}

function fail(...lines: string[]): undefined {
    for (const line of lines) console.error(line)
    process.exitCode = 1
}

program.parse()
