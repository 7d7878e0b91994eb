/** `npm run bench`: how fast the pair is, and what that costs the boards. */
import { writeFileSync } from "node:fs"
import { Command, InvalidArgumentError, Option } from "commander"
import { measureCost } from "../measure/cost.ts"
import { measureHeap } from "../measure/heap.ts"
import { measureLive } from "../measure/live.ts"
import { measurePico } from "../measure/pico.ts"
import { measureProfile } from "../measure/profile.ts"
import { endProgress, printReport, type Report } from "../measure/report.ts"
import { buildProgram, type Program } from "../vm/program.ts"

interface Options {
    only?: string[]
    functions?: boolean
    hours: number
    json?: string
}

/** In the order in which they are printed. */
const PARTS: Record<string, (p: Program, o: Options) => Promise<Report>> = {
    live: () => measureLive(),
    cost: p => measureCost(p),
    pico: p => measurePico(p),
    profile: (p, o) => measureProfile(p, !!o.functions),
    heap: (p, o) => measureHeap(p, o.hours),
}

function parse(): Options {
    const names = Object.keys(PARTS)
    return new Command("npm run bench --")
        .description("Measures the pair; prints tables.")
        .addOption(
            new Option("--only <part...>", "measure only this").choices(names),
        )
        .option("--functions", "profile: also the functions that take longest")
        .addOption(
            new Option("--hours <n>", "heap: virtual time under load")
                .default(1)
                .argParser(positive),
        )
        .option("--json <file>", "also write all numbers to a file")
        .parse()
        .opts<Options>()
}

function positive(text: string): number {
    const n = Number(text)
    if (!(n > 0)) throw new InvalidArgumentError("Not a positive number.")
    return n
}

async function main() {
    const opts = parse()
    const program = buildProgram()
    const data: Record<string, unknown> = {}
    const failures: string[] = []
    for (const [name, measure] of Object.entries(PARTS)) {
        if (opts.only && !opts.only.includes(name)) continue
        const report = await measure(program, opts)
        endProgress()
        printReport(report)
        data[name] = report.data
        failures.push(...report.failures)
    }
    if (opts.json)
        writeFileSync(opts.json, JSON.stringify(data, null, 4) + "\n")
    for (const f of failures) console.error(`FAIL ${f}`)
    process.exit(failures.length ? 1 : 0)
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => process.exit(1))
main().catch((e: unknown) => {
    endProgress()
    console.error(e instanceof Error ? (e.stack ?? e.message) : e)
    process.exit(1)
})
