/** `npm run wiring`: how two real boards are wired, from one table. */
import { writeFileSync } from "node:fs"
import path from "node:path"
import { Command, Option } from "commander"
import { KINDS } from "../bundle/kinds.ts"
import { ROOT } from "../vm/program.ts"
import { documentsOf } from "../wiring/documents.ts"
import { cableTable, formatted, pinTable } from "../wiring/markdown.ts"
import { wiringOf } from "../wiring/nets.ts"

interface Options {
    for?: string
    write?: boolean
}

const program = new Command()
    .name("npm run wiring --")
    .description(
        "Prints how a board and the cable to its partner are wired: each pin " +
            "of the controller, and each pin of the cable.",
    )
    .addOption(
        new Option("--for <kind>", "only this kind of board").choices(
            Object.keys(KINDS),
        ),
    )
    .option(
        "--write",
        "write the documents and drawings in boards/, instead of printing",
    )
    .action(run)

async function run(opts: Options) {
    const kinds = opts.for ? [opts.for] : Object.keys(KINDS)
    for (const kind of kinds) await (opts.write ? write(kind) : print(kind))
}

async function write(kind: string) {
    for (const { file, text } of await documentsOf(kind)) {
        writeFileSync(path.join(ROOT, file), text)
        console.log(file)
    }
}

async function print(kind: string) {
    const wiring = wiringOf(kind)
    console.log(`${wiring.controller.name}\n`)
    console.log(await formatted(pinTable(wiring)))
    console.log(await formatted(cableTable(wiring)))
}

await program.parseAsync()
