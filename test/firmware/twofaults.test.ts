/**
 * A board dies while the pair recovers from a death, and one dies again while
 * it recovers from that: nothing that was acknowledged is lost, and nobody
 * serves old data meanwhile. `SEED=n` plays other moments, `LIFE=10` more.
 */
import { test } from "node:test"
import {
    BOARD_NAMES,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import { mirroredPair } from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"
import { writersOfBoth } from "../support/writer.ts"

const SEED = Number(process.env.SEED ?? 1)
/** In each life a second death comes in half of the phases; others in the next. */
const SECONDS = 2 * Number(process.env.LIFE ?? 1)
const STEP_US = 1000
/** A recovery has come so far, or it never will: who is needed is dead. */
const PATIENCE_US = 8e6
const AWAY_US = [50_000, 1_200_000] as const
const REST_US = 2e6
const LIMIT_US = 3600e6

/** How far a recovery has come, by what a board says; and how long that lasts. */
const PHASES = {
    takeover: { says: /^fencing after/, lasts: 60_000 },
    probation: { says: /^met /, lasts: 600_000 },
    resync: { says: /resyncing/, lasts: 300_000 },
    giveback: { says: /mirrored again/, lasts: 150_000 },
} as const
type Phase = keyof typeof PHASES
const PHASE_NAMES = Object.keys(PHASES) as Phase[]

/** Waits for a phase of the recovery that goes on, and for a moment in it. */
async function reach(bench: VirtualBench, phase: Phase, since: number) {
    const { says, lasts } = PHASES[phase]
    const limit = bench.world.now + PATIENCE_US
    const hasCome = () =>
        bench.events.some(e => e.ms * 1000 > since && says.test(e.text))
    while (!hasCome() && bench.world.now < limit)
        await bench.script.sleep(STEP_US)
    await bench.script.sleep(bench.random.int(0, lasts))
}

/** A board dies, and is switched on again a while later. */
function strike(bench: VirtualBench, victim: BoardName) {
    const { board } = bench.pair.nodes[victim]
    board.setPower(false)
    bench.world.after(bench.random.int(...AWAY_US), () => board.setPower(true))
}

/** The first death, one in the recovery, and one in that one's recovery. */
async function strikes(
    bench: VirtualBench,
    first: [Phase, BoardName],
    second: [Phase, BoardName],
) {
    const begin = bench.random.pick(BOARD_NAMES)
    let since = bench.world.now
    strike(bench, begin)
    for (const [phase, victim] of [first, second]) {
        await reach(bench, phase, since)
        since = bench.world.now
        strike(bench, victim)
    }
    await bench.script.sleep(AWAY_US[1])
}

PHASE_NAMES.forEach((phase, k) => {
    for (const victim of BOARD_NAMES)
        test(`${victim} dies during ${phase}, and one dies after that`, async t => {
            const seed = SEED * 1000 + k * 2 + BOARD_NAMES.indexOf(victim)
            const bench = mirroredPair({ speed: unlimitedSpeed(), seed })
            const hosts = writersOfBoth(bench, {
                first: 4000,
                blocks: 300,
                depth: 2,
                longest: 12,
                restUs: 5000,
                reads: true,
                mayTear: true,
            })
            await bench.runScript(async () => {
                for (let round = 0; round < SECONDS; round++) {
                    const next =
                        PHASE_NAMES[(seed + round) % PHASE_NAMES.length]
                    const running = Promise.all(hosts.map(h => h.run()))
                    await bench.script.sleep(200_000)
                    await strikes(
                        bench,
                        [phase, victim],
                        [next, bench.random.pick(BOARD_NAMES)],
                    )
                    await untilMirrored(bench)
                    for (const h of hosts) h.stop()
                    await running
                    for (const h of hosts) await h.verify()
                    await bench.script.sleep(REST_US)
                    assertEqualCards(bench)
                }
            }, LIMIT_US)
            const count = hosts.reduce((sum, h) => sum + h.count, 0)
            const taken = bench.events.filter(e => /^took over/.test(e.text))
            t.diagnostic(`${count} commands, ${taken.length} takeovers`)
        })
})
