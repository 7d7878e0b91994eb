/**
 * `npm run torture`: histories of whole pairs under faults, from seeds; planted
 * bugs that they must catch; and every power-cut point of small workloads.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { Command, InvalidArgumentError, Option } from "commander"
import { endProgress, progress } from "../measure/report.ts"
import { bugOf, bugs } from "../torture/bugs/index.ts"
import { cuts, type CutsOptions } from "../torture/cuts/cuts.ts"
import { MODES } from "../torture/cuts/modes.ts"
import { WHO } from "../torture/cuts/workload.ts"
import { WORKLOADS } from "../torture/cuts/workloads/index.ts"
import { hunt, type Catch } from "../torture/hunt.ts"
import play, { makePool, planOf, type Job } from "../torture/job.ts"
import type { Edits, Plan } from "../torture/plan.ts"
import { profiles } from "../torture/profile.ts"
import {
    printCatches,
    printFailure,
    printFailures,
    printStory,
    Tally,
} from "../torture/report.ts"
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
    keepGoing?: boolean
    faults?: number[]
    hosts?: number[]
    runMs?: number
    calm?: boolean
    plan?: string
    save?: string
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
        .option("--keep-going", "do not stop at a failure; name them all")
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
        .option("--save <file>", "with --seed: write its plan to a file")
        .option("--plan <file>", "play a plan that was saved")
}

/** One history, and all that happened in it. */
async function one(opts: Options): Promise<boolean> {
    const edits: Edits = {
        faults: opts.faults,
        hosts: opts.hosts,
        runMs: opts.runMs,
        isCalm: opts.calm,
    }
    const { seed = 0, profile } = opts
    const job: Job = { seed, profile, edits }
    if (opts.plan)
        job.plan = JSON.parse(readFileSync(opts.plan, "utf8")) as Plan
    if (opts.save)
        writeFileSync(opts.save, JSON.stringify(planOf(job), null, 4) + "\n")
    const outcome = await play(job)
    printStory(outcome)
    return outcome.violations.length === 0
}

/**
 * Many histories, until one fails. Ctrl-C ends them early, with the figures of
 * those that were played; a second one at once.
 */
async function many(opts: Options): Promise<boolean> {
    const pool = makePool()
    const tally = new Tally()
    const rounds = new Rounds(pool, opts, tally)
    process.once("SIGINT", () => rounds.stop())
    const failures = await rounds.play()
    tally.print()
    if (rounds.isStopped)
        console.log(`\ninterrupted before seed ${opts.from + tally.seeds}`)
    printFailures(failures)
    if (failures.length) {
        console.log("\nlooking for the shortest history that fails ...")
        printFailure(failures[0], await shrink(pool, failures[0]))
    }
    await pool.destroy()
    return failures.length === 0 && !rounds.isStopped
}

/** Each planted bug, and how many seeds it took to catch it. */
async function plantedBugs(slugs: string[], opts: { limit: number }) {
    const pool = makePool()
    const wanted = slugs.length ? slugs.map(bugOf) : bugs
    const catches: Catch[] = []
    for (const bug of wanted) {
        progress(`${bug.slug}: ${bug.name} ...`)
        const found = await hunt(pool, bug, 1, opts.limit)
        catches.push(found)
        progress(
            `${bug.slug}: ${found.check ?? "NOT CAUGHT"}, ` +
                `${found.seeds ?? opts.limit} histories`,
        )
    }
    endProgress()
    printCatches(catches)
    await pool.destroy()
    return catches.every(c => c.seeds !== undefined)
}

/** Builds what all need, once; ends as the work does. */
async function finish(work: () => Promise<boolean>) {
    buildProgram()
    countingVm()
    process.exit((await work()) ? 0 : 1)
}

function bugsCommand() {
    return new Command("bugs")
        .description(
            "Plants bugs into the firmware, one after the other, and counts " +
                "the histories until a check catches each.",
        )
        .argument("[bugs...]", `all, or: ${bugs.map(b => b.slug).join(", ")}`)
        .option("--limit <n>", "histories for each, at most", whole, 200)
        .action((slugs: string[], opts: { limit: number }) =>
            finish(() => plantedBugs(slugs, opts)),
        )
}

function cutsCommand() {
    const names = WORKLOADS.map(w => w.name)
    const choice = (flags: string, about: string, of: readonly string[]) =>
        new Option(flags, about).choices(of)
    return new Command("cuts")
        .description(
            "Cuts the power at every single SPI transfer of small workloads, " +
                "with sectors that come out whole, torn, or in another order.",
        )
        .addOption(choice("--workload <name>", "only this", names))
        .addOption(choice("--who <boards>", "whose power; all", WHO))
        .addOption(choice("--mode <mode>", "of the cards; all", MODES))
        .option("--at <k>", "only before this transfer", whole)
        .action((opts: CutsOptions) => finish(() => cuts(opts)))
}

async function main() {
    const command = options(new Command("npm run torture --"))
        .action((opts: Options) =>
            finish(() =>
                (opts.seed === undefined && !opts.plan ? many : one)(opts),
            ),
        )
        .addCommand(bugsCommand())
        .addCommand(cutsCommand())
    await command.parseAsync()
}

main().catch((e: unknown) => {
    console.error(e instanceof Error ? (e.stack ?? e.message) : e)
    process.exit(1)
})
