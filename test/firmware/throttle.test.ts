/** A partner that is brought up to date leaves hosts half of a board, at least. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { picoSpeed } from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import type { Initiator, Result } from "../../devs/initiator/initiator.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

const AWAY_US = 1e6
const LOOK_US = 2e6
/** Extents of these are copied; hosts work elsewhere. */
const DIRTY_BLOCKS = 2048
const FIRST = 50_000
/** Of what there is without it. */
const LEAST = 0.5

const COMMANDS: Record<string, (h: Initiator, lba: number) => Promise<Result>> =
    {
        reads: (h, lba) => h.read(lba, 8),
        writes: (h, lba) => h.write(lba, pattern(lba, 8, 1)),
    }

/** One command after the other. @returns how many in a second */
async function rate(bench: VirtualBench, h: Initiator, what: string) {
    const from = bench.world.now
    let count = 0
    while (bench.world.now < from + LOOK_US)
        assertGood(await COMMANDS[what](h, FIRST + (count++ % 50) * 8))
    return (count / (bench.world.now - from)) * 1e6
}

for (const what of Object.keys(COMMANDS))
    test(`${what} of one host go on at least half as fast while the partner is brought up to date`, async t => {
        const bench = mirroredPair({ speed: picoSpeed(), seed: 71 })
        const { board } = bench.pair.nodes.b
        const isResyncing = () =>
            bench.consoles.a.status["volume.a"] === "resyncing"
        await bench.runScript(async () => {
            const host = await loggedIn(bench, "a")
            board.setPower(false)
            await bench.script.sleep(AWAY_US)
            const alone = await rate(bench, host, what)
            for (let lba = 0; lba < DIRTY_BLOCKS; lba += 16)
                assertGood(await host.write(lba, pattern(lba, 16, 2)))
            board.setPower(true)
            while (!isResyncing()) await bench.script.sleep(10_000)
            const beside = await rate(bench, host, what)
            assert.ok(isResyncing(), "it was over too soon")
            t.diagnostic(
                `${alone.toFixed(1)} a second alone, ${beside.toFixed(1)} beside it`,
            )
            assert.ok(beside >= LEAST * alone)
        })
    })
