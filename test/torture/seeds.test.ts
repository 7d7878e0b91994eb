/** Histories of whole pairs: a fixed set of seeds, and each the same again. */
import assert from "node:assert/strict"
import { test } from "node:test"
import play, { type Job } from "../../devs/torture/job.ts"
import { argumentsOf } from "../../devs/torture/shrink.ts"

/** Others are for `npm run torture`. */
const SEEDS = 12
const TWICE = [3, 4]

async function mustHold(job: Job) {
    const outcome = await play(job)
    const found = outcome.violations.map(v => `${v.check}: ${v.what}`)
    assert.deepEqual(found, [], `npm run torture -- ${argumentsOf(job, {})}`)
    return outcome
}

test("a pair without faults serves and mirrors, and all is whole at the end", async () => {
    const outcome = await mustHold({ seed: 1, profile: "quiet" })
    assert.equal(outcome.takeovers, 0)
    assert.ok(outcome.checked > 300, `only ${outcome.checked} commands`)
})

for (let seed = 1; seed <= SEEDS; seed++)
    test(`seed ${seed}: what hosts were told is true, whatever breaks`, async t => {
        const outcome = await mustHold({ seed, profile: "full" })
        assert.ok(outcome.virtualUs > 20e6)
        t.diagnostic(
            `${outcome.plan.faults.length} faults, ` +
                `${outcome.checked} commands checked`,
        )
    })

test("one seed is one history, bit for bit", async () => {
    const digests = new Set<string>()
    for (const seed of TWICE) {
        const job = { seed, profile: "full" }
        const [first, second] = [await play(job), await play(job)]
        assert.equal(first.digest, second.digest, `seed ${seed}`)
        assert.deepEqual(first.events, second.events)
        digests.add(first.digest)
    }
    assert.equal(digests.size, TWICE.length, "seeds do not differ")
})
