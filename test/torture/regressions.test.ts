/**
 * Histories that failed once, by the name of what was wrong. A new one:
 * `npm run torture -- --seed … --save test/torture/regressions/NAME.json`
 */
import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import play from "../../devs/torture/job.ts"
import type { Plan } from "../../devs/torture/plan.ts"
import { ROOT } from "../../devs/vm/program.ts"

const FOLDER = path.join(ROOT, "test/torture/regressions")
const files = readdirSync(FOLDER).sort()

test("there are failures to learn from", () => assert.ok(files.length > 0))

for (const file of files)
    test(path.basename(file, ".json").replaceAll("-", " "), async () => {
        const text = readFileSync(path.join(FOLDER, file), "utf8")
        const plan = JSON.parse(text) as Plan
        const { seed, profile } = plan
        const outcome = await play({ seed, profile, plan })
        assert.deepEqual(
            outcome.violations,
            [],
            `npm run torture -- --plan ${path.relative(ROOT, path.join(FOLDER, file))}`,
        )
    })
