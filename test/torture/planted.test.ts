/** The checks can fail: three planted bugs; `torture -- bugs` has all. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { bugOf } from "../../devs/torture/bugs/index.ts"
import { jobOf } from "../../devs/torture/hunt.ts"
import play from "../../devs/torture/job.ts"

/** Histories in which each must be caught. */
const LIMIT = 12
const SOME = ["early-release", "read-misses-log", "gives-and-keeps"]

for (const slug of SOME) {
    const bug = bugOf(slug)
    test(`a firmware that ${bug.name} is caught`, async t => {
        for (let seed = 1; seed <= LIMIT; seed++) {
            const { violations } = await play(jobOf(bug, seed))
            if (!violations.length) continue
            const clean = await play({ ...jobOf(bug, seed), bug: undefined })
            assert.deepEqual(clean.violations, [], "without the bug")
            t.diagnostic(`seed ${seed}: ${violations[0].what}`)
            return
        }
        assert.fail(`not caught in ${LIMIT} histories`)
    })
}
