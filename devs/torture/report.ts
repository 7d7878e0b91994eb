/** What people see of histories: figures of many, and the story of one. */
import { BOARD_NAMES } from "../bench/pair.ts"
import { table } from "../measure/table.ts"
import { faults } from "./faults/index.ts"
import type { Catch } from "./hunt.ts"
import type { Outcome } from "./run.ts"
import { argumentsOf, type Shrunk } from "./shrink.ts"

/** Events of both consoles that are shown of a failure. */
const RING = 60

/** Figures of all histories so far. */
export class Tally {
    seeds = 0
    faults = 0
    takeovers = 0
    answered = 0
    checked = 0
    /** histories without checks of the data, for the bus was noisy */
    forfeit = 0
    /** and those in which every sign of a partner's life was hidden at once */
    blind = 0
    private virtualUs = 0
    private readonly families = new Map<string, number>()

    add(o: Outcome) {
        this.seeds++
        this.takeovers += o.takeovers
        this.answered += o.answered
        this.checked += o.checked
        this.virtualUs += o.virtualUs
        if (o.wasBlind) this.blind++
        else if (o.isForfeit) this.forfeit++
        for (const { name } of o.plan.faults) {
            const family = faults.get(name)!.family
            this.faults++
            this.families.set(family, (this.families.get(family) ?? 0) + 1)
        }
    }

    get hours() {
        return this.virtualUs / 3600e6
    }

    print() {
        const families = [...this.families].sort(([x], [y]) => (x < y ? -1 : 1))
        const rows: [string, number][] = [
            ["histories", this.seeds],
            ["virtual hours", this.hours],
            ["faults", this.faults],
            ...families.map(([name, n]): [string, number] => [
                `faults: ${name}`,
                n,
            ]),
            ["takeovers", this.takeovers],
            ["commands answered", this.answered],
            ["commands checked", this.checked],
            ["histories without data checks (noisy bus)", this.forfeit],
            ["histories in which two served, unknowing", this.blind],
        ]
        console.log(`\n${table(["what", "count"], rows)}`)
    }
}

/** Planted bugs, and how long they lived. */
export function printCatches(catches: Catch[]) {
    const rows = catches.map(c => [
        c.bug.name,
        c.seeds ?? Infinity,
        c.check ?? "NOT CAUGHT",
    ])
    console.log(table(["planted bug", "seeds", "caught by"], rows))
    const caught = catches.filter(c => c.seeds !== undefined).length
    console.log(`\n${caught} of ${catches.length} planted bugs were caught`)
}

/** Everything about one history. */
export function printStory(o: Outcome) {
    const { plan } = o
    for (const h of plan.hosts)
        console.log(`${h.name} works at ${h.target}: ${h.workload}`)
    if (plan.mirror)
        for (const name of BOARD_NAMES)
            console.log(`volume ${name} is mirrored: ${plan.mirror[name]}`)
    const begin = o.virtualUs / 1000
    console.log(`\nfaults, from the moment the hosts began:`)
    for (const line of o.story) console.log(line)
    console.log(`\nconsoles, up to ${begin.toFixed(0)} ms:`)
    for (const e of o.events.slice(-RING))
        console.log(`${e.ms.toFixed(1).padStart(10)} ms  ${e.board}: ${e.text}`)
    console.log(
        `\n${o.answered} commands, ${o.checked} of them and of the unanswered ones checked, ` +
            `${o.takeovers} takeovers; digest ${o.digest}`,
    )
    printViolations(o)
}

function printViolations(o: Outcome) {
    if (o.wasBlind)
        console.log(
            "two boards served, and no check holds it against them: all that " +
                "shows a partner's life was hidden at once",
        )
    if (!o.violations.length) console.log("nothing was wrong")
    for (const { check, what } of o.violations)
        console.log(`FAILED ${check}: ${what}`)
}

/** A line for each. */
export function printFailures(failures: Outcome[]) {
    for (const { plan, violations } of failures) {
        const [{ check, what }] = violations
        console.log(`seed ${plan.seed} failed ${check}: ${what}`)
    }
}

/** A failure, and the shortest history that shows it. */
export function printFailure(failed: Outcome, shrunk: Shrunk) {
    const { plan } = failed
    console.log(`\nseed ${plan.seed} failed; its faults were:`)
    for (const line of failed.story) console.log(line)
    printViolations(failed)
    console.log(
        `\nthe shortest history that fails, of ${shrunk.tries} that were tried:`,
    )
    printStory(shrunk.outcome)
    console.log(
        `\nrepeat it:\n  npm run torture -- ${argumentsOf(plan, shrunk.edits)}`,
    )
}
