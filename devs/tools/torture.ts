/** `npm run torture`: histories of whole pairs under faults, from seeds. */
import { Command, InvalidArgumentError } from "commander"
import { makePool } from "../torture/job.ts"
import type { Edits } from "../torture/plan.ts"
import { profiles } from "../torture/profile.ts"
import { printFailure, printStory, Tally } from "../torture/report.ts"
import { Rounds } from "../torture/rounds.ts"
import { shrink } from "../torture/shrink.ts"
import { buildProgram } from "../vm/program.ts"
import { countingVm } from "../vm/counting.ts"

interface Options {
    seeds: number
    from: number
    seed?: number
    minutes?: number
    profile: string
    faults?: number[]
    hosts?: number[]
    runMs?: number
    calm?: boolean
}

function whole(text: string): number {
    const n = Number(text)
    if (!Number.isInteger(n) || n < 0)
        throw new InvalidArgumentError("Not a whole number.")
    return n
}

function positive(text: string): number {
    const n = Number(text)
    if (!(n > 0)) throw new InvalidArgumentError("Not a positive number.")
    return n
}

function list(text: string): number[] {
    return text === "none" ? [] : text.split(",").map(whole)
}

function options(command: Command) {
    const about = [...profiles.values()].map(p => `${p.name}: ${p.about}`)
    return command
        .description(
            "Plays histories of both boards under faults, each from a seed, " +
                "and checks what the hosts saw. Stops at the first failure.",
        )
        .option("--seeds <n>", "so many histories", whole, 100)
        .option("--from <seed>", "the first one's seed", whole, 1)
        .option("--seed <seed>", "this one alone, with its story", whole)
        .option("--minutes <n>", "as many as fit into this time", positive)
        .option(
            "--profile <name>",
            `${about.join("; ")}; or only: and names of faults`,
            "full",
        )
        .option(
            "--faults <list>",
            "with --seed: only these of its faults",
            list,
        )
        .option("--hosts <list>", "with --seed: only these of its hosts", list)
        .option("--run-ms <ms>", "with --seed: shorter", whole)
        .option("--calm", "with --seed: no delays, clocks that agree")
}

/** One history, and all that happened in it. */
async function one(opts: Options): Promise<boolean> {
    const edits: Edits = {
        faults: opts.faults,
        hosts: opts.hosts,
        runMs: opts.runMs,
        isCalm: opts.calm,
    }
    const { default: play } = await import("../torture/job.ts")
    const { seed = 1, profile } = opts
    const outcome = await play({ seed, profile, edits })
    printStory(outcome)
    return outcome.violations.length === 0
}

/** Many histories, until one fails. */
async function many(opts: Options): Promise<boolean> {
    const pool = makePool()
    const tally = new Tally()
    const rounds = new Rounds(pool, opts, tally)
    const failed = await rounds.play()
    tally.print()
    if (failed) {
        console.log("\nlooking for the shortest history that fails ...")
        printFailure(failed, await shrink(pool, failed))
    }
    await pool.destroy()
    return !failed
}

async function main() {
    const command = options(new Command("npm run torture --"))
    command.action(async (opts: Options) => {
        buildProgram()
        countingVm()
        const isGood = await (opts.seed === undefined ? many : one)(opts)
        process.exit(isGood ? 0 : 1)
    })
    await command.parseAsync()
}

main().catch((e: unknown) => {
    console.error(e instanceof Error ? (e.stack ?? e.message) : e)
    process.exit(1)
})
