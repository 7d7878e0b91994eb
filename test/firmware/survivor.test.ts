/**
 * After a takeover one board serves both volumes, for as long as it takes; and
 * no longer, when the other one was only hung, and is back after its reset.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { other, unlimitedSpeed } from "../../devs/bench/pair.ts"
import { mirroredPair } from "../support/bench.ts"
import { writersOfBoth } from "../support/writer.ts"

const speed = unlimitedSpeed()

for (const [death, victim] of [
    ["power", "a"],
    ["hang", "b"],
] as const)
    test(`${death} of ${victim}: both volumes are served for 60 s`, async () => {
        const bench = mirroredPair({ speed, seed: 21 })
        const { board } = bench.pair.nodes[victim]
        const hosts = writersOfBoth(bench, {
            first: 4000,
            blocks: 300,
            depth: 2,
            longest: 16,
            restUs: 20_000,
        })
        await bench.runScript(async () => {
            const running = Promise.all(hosts.map(h => h.run()))
            await bench.script.sleep(200_000)
            if (death === "power") board.setPower(false)
            else board.setHung(true)
            for (let s = 0; s < 60; s++) {
                const before = hosts.map(h => h.count)
                await bench.script.sleep(1e6)
                hosts.forEach((h, i) =>
                    assert.ok(h.count > before[i] + 10, `second ${s}`),
                )
            }
            for (const h of hosts) h.stop()
            await running
            for (const h of hosts) await h.verify()
        }, 120e6)
        const { status } = bench.consoles[other(victim)]
        const serves = status.serves.split(",").sort().join()
        if (death === "power") assert.equal(serves, "a,b")
        else {
            assert.ok(
                bench.said(victim, /outdated/),
                "what was reset knows that its copy is old",
            )
            assert.ok(bench.isMirrored)
        }
        // the takeover, and the giveback
        for (const h of hosts) assert.ok(h.losses <= 2)
    })
