/** Which seeds a run plays, and when it ends. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Job } from "../../devs/torture/job.ts"
import { makePlan } from "../../devs/torture/plan.ts"
import { Tally } from "../../devs/torture/report.ts"
import { Rounds, type Workers } from "../../devs/torture/rounds.ts"
import type { Outcome } from "../../devs/torture/run.ts"

const FROM = 100
const THREADS = 2

/** Workers that play nothing: what they find is given. */
class Rehearsal implements Workers {
    readonly options = { maxThreads: THREADS }
    readonly seeds: number[] = []
    readonly tally = new Tally()
    onSeed = (_seed: number): boolean => true

    async run({ seed, profile }: Job): Promise<Outcome> {
        const isGood = this.onSeed(seed)
        await new Promise(setImmediate)
        this.seeds.push(seed)
        return {
            plan: makePlan(seed, profile),
            digest: "",
            violations: isGood ? [] : [{ check: "data", what: "bad" }],
            story: [],
            events: [],
            virtualUs: 1,
            takeovers: 0,
            answered: 0,
            checked: 0,
            isForfeit: false,
            wasBlind: false,
        }
    }

    rounds(seeds: number, keepGoing = false) {
        const opts = { seeds, from: FROM, profile: "quiet", keepGoing }
        return new Rounds(this, opts, this.tally)
    }
}

function upTo(count: number) {
    return Array.from({ length: count }, (_, k) => FROM + k)
}

test("each seed is played once", async () => {
    const workers = new Rehearsal()
    assert.deepEqual(await workers.rounds(7).play(), [])
    assert.deepEqual(workers.seeds, upTo(7))
    assert.equal(workers.tally.seeds, 7)
})

test("the first failure ends it, and what is under way counts", async () => {
    const workers = new Rehearsal()
    workers.onSeed = seed => seed !== FROM + 4
    const failures = await workers.rounds(20).play()
    assert.deepEqual(
        failures.map(f => f.plan.seed),
        [FROM + 4],
    )
    assert.deepEqual(workers.seeds, upTo(6))
})

test("it keeps going: all failures, the lowest seed first", async () => {
    const workers = new Rehearsal()
    workers.onSeed = seed => seed % 3 !== 0
    const failures = await workers.rounds(10, true).play()
    assert.deepEqual(
        failures.map(f => f.plan.seed),
        [102, 105, 108],
    )
    assert.deepEqual(workers.seeds, upTo(10))
})

test("interrupted, it has figures of all seeds before the one it names", async () => {
    const workers = new Rehearsal()
    const rounds = workers.rounds(20)
    workers.onSeed = seed => {
        if (seed === FROM + 5) rounds.stop()
        return true
    }
    await rounds.play()
    assert.ok(rounds.isStopped)
    assert.deepEqual(workers.seeds, upTo(workers.tally.seeds))
    assert.equal(workers.tally.seeds, 6)
})
