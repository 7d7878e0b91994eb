/** What `npm run bundle` and `npm run flash` have in common: the file they make. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import { Option, type Command } from "commander"
import { boardSettings } from "../setup/boardsettings.ts"
import { checkPair } from "../setup/check.ts"
import type { Values } from "../setup/fields.ts"
import { readPairFile, tellProblems } from "../setup/pairfile.ts"
import { reportSize } from "../tools/size.ts"
import { FIRMWARE, SELFTEST } from "../vm/program.ts"
import { bundle, programFor } from "./bundle.ts"
import { KINDS, type Kind } from "./kinds.ts"

export interface ImageOptions {
    board: "a" | "b"
    /** a key of `KINDS` */
    for: string
    settings: string
    firmware?: string
    out?: string
    selftest?: boolean
}

/** Where firmware images are looked for, and ours are put. */
const FOLDER = "bundles"

/** Gives a command the options of `ImageOptions`. */
export function withImageOptions(command: Command): Command {
    const kinds = Object.entries(KINDS).map(
        ([name, k]) => `${name}: ${k.about}`,
    )
    return command
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
        .option("--selftest", "the hardware self-test in place of the program")
}

/**
 * Makes a board's image, and says how large it is.
 * @returns the file it is in, and the settings of the pair
 * @throws with what to do next
 */
export function makeImage(opts: ImageOptions): {
    file: string
    values: Values
} {
    const kind = KINDS[opts.for]
    const values = readSettings(opts.settings)
    const firmware = readFirmware(kind, opts.firmware)
    const program = programFor(kind, opts.selftest ? SELFTEST : FIRMWARE)
    if (!reportSize(program)) throw new Error("the program is too large")
    const what = opts.selftest ? "-selftest" : ""
    const file =
        opts.out ??
        path.join(FOLDER, `${opts.for}-${opts.board}${what}.${kind.format}`)
    const settings = boardSettings(values, opts.board)
    const image = bundle(kind, firmware, program.image, settings)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, image)
    console.log(`${file}: ${image.length} B`)
    return { file, values }
}

function readSettings(file: string): Values {
    if (!existsSync(file))
        throw new Error(`${file} is not there: \`npm run setup\` makes it`)
    const found = readPairFile(readFileSync(file, "utf8"))
    const wrong = tellProblems(file, found, checkPair(found.values))
    if (wrong.length) throw new Error(wrong.join("\n"))
    return found.values
}

/** It is not ours to give away: who wants it downloads it once. */
function readFirmware(kind: Kind, file?: string): Uint8Array {
    const where = file ?? path.join(FOLDER, path.basename(kind.firmware))
    if (existsSync(where)) return readFileSync(where)
    const next = file
        ? "or name another file with --firmware"
        : "and put it there, or name it with --firmware"
    throw new Error(`${where} is not there. Download ${kind.firmware}\n${next}`)
}
