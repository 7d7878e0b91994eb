/** The profile that `npm run bench` prints. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { profile, roomOf } from "../../devs/measure/profile.ts"
import type { FunctionUse } from "../../devs/measure/profiler.ts"
import { buildProgram } from "../../devs/vm/program.ts"

const OPS = 20
/** Transfers whose function is known only after the profile's end. */
const UNDER_WAY = 4

test("a profile has all processor time and SPI transfers, and no more", async () => {
    const profiles = await profile(buildProgram(), "write", OPS)
    for (const { board, spent, functions } of profiles) {
        const sum = (of: (f: FunctionUse) => number) =>
            functions.reduce((s, f) => s + of(f), 0)
        const share = sum(f => f.us + f.spiUs + f.pinUs) / spent.cpuUs
        assert.ok(share > 0.995 && share < 1.005, `board ${board}: ${share}`)
        const missing = spent.spiTransfers - sum(f => f.spiTransfers)
        assert.ok(
            missing >= -UNDER_WAY && missing <= UNDER_WAY,
            `board ${board}: ${missing} of ${spent.spiTransfers} transfers`,
        )
    }
})

test("a file belongs to the room whose folder it is in", () => {
    assert.equal(roomOf("src/drivers/w5500.ts"), "drivers")
    assert.equal(roomOf("src/main.ts"), "main.ts")
    assert.equal(
        roomOf("node_modules/@devicescript/core/src/utils.ts"),
        "@devicescript/core",
    )
})
