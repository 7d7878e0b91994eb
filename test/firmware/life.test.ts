/**
 * The life of a pair, over and over: boards die and come back, both lose their
 * power at once, and the link breaks. `SEED=n` plays another life, and
 * `LIFE=10` one that is ten times as long.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    other,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import { mirroredPair } from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"
import { writersOfBoth, type Writer } from "../support/writer.ts"

const SEED = Number(process.env.SEED ?? 1)
const LENGTH = Number(process.env.LIFE ?? 1)
const REGION = { first: 4000, blocks: 600, depth: 2, longest: 16 }
/** All that was written reaches the cards. */
const REST_US = 2e6
const LIMIT_US = 3600e6

function newPair(seed: number) {
    return mirroredPair({ speed: unlimitedSpeed(), seed: SEED * 1000 + seed })
}

/** Lets hosts write while something happens. */
async function whileWriting(hosts: Writer[], happen: () => Promise<void>) {
    const running = Promise.all(hosts.map(h => h.run()))
    await happen()
    for (const h of hosts) h.stop()
    await running
}

function ms(us: number[]) {
    const sorted = [...us].sort((x, y) => x - y)
    const at = (share: number) =>
        (sorted[Math.floor(share * (sorted.length - 1))] / 1000).toFixed(0)
    return `${at(0.5)} ms in the median, ${at(1)} ms at most`
}

/** Each volume is at its home. */
function assertAtHome(bench: VirtualBench) {
    for (const name of BOARD_NAMES)
        assert.equal(bench.consoles[name].status.serves, name)
}

const ROUNDS = 5 * LENGTH

test(`${ROUNDS} times a board dies, and comes back`, async t => {
    const bench = newPair(1)
    const { random } = bench
    const hosts = writersOfBoth(bench, REGION)
    const took: number[] = []
    await bench.runScript(async () => {
        for (let round = 0; round < ROUNDS; round++) {
            const victim = random.pick(BOARD_NAMES)
            const { board } = bench.pair.nodes[victim]
            await whileWriting(hosts, async () => {
                await bench.script.sleep(random.int(100_000, 400_000))
                await die(bench, victim, random.chance(0.5))
                await bench.script.sleep(random.int(100_000, 1_500_000))
                board.setPower(false)
                board.setHung(false)
                board.setPower(true)
                took.push(await untilMirrored(bench))
            })
            for (const h of hosts) await h.verify()
            await bench.script.sleep(REST_US)
            assertEqualCards(bench)
            assertAtHome(bench)
        }
    }, LIMIT_US)
    t.diagnostic(`from power to giveback: ${ms(took)}`)
})

/** A board loses its power, or stops; its partner takes its volume. */
async function die(bench: VirtualBench, victim: BoardName, hangs: boolean) {
    const { board } = bench.pair.nodes[victim]
    const since = bench.world.now / 1000
    if (hangs) board.setHung(true)
    else board.setPower(false)
    const { events } = bench.consoles[other(victim)]
    while (!events.some(e => e.ms > since && /^took over/.test(e.text)))
        await bench.script.sleep(10_000)
}

const LOSSES = 20 * LENGTH

test(`${LOSSES} times both lose their power at once`, async t => {
    const bench = newPair(2)
    const { random } = bench
    const hosts = writersOfBoth(bench, { ...REGION, fua: true, mayTear: true })
    const took: number[] = []
    await bench.runScript(async () => {
        for (let round = 0; round < LOSSES; round++) {
            await whileWriting(hosts, async () => {
                await bench.script.sleep(random.int(20_000, 300_000))
                bench.pair.setPower(false)
                // what was acknowledged is on both cards, at this moment
                for (const h of hosts) h.checkCards()
                await bench.script.sleep(random.int(1000, 50_000))
                bench.pair.setPower(true)
                took.push(await untilMirrored(bench))
            })
            for (const h of hosts) await h.verify()
        }
        await bench.script.sleep(REST_US)
    }, LIMIT_US)
    assertEqualCards(bench)
    const writes = hosts.map(h => h.count).join(" and ")
    t.diagnostic(`${writes} writes; mirrored again after ${ms(took)}`)
})

const CUTS = 10 * LENGTH

test(`${CUTS} times the link is cut and mended under load`, async t => {
    const bench = newPair(3)
    const hosts = writersOfBoth(bench, REGION)
    const took: number[] = []
    await bench.runScript(async () => {
        await whileWriting(hosts, async () => {
            for (let round = 0; round < CUTS; round++) {
                await bench.script.sleep(bench.random.int(1000, 300_000))
                bench.pair.cut("link", true)
                await bench.script.sleep(bench.random.int(1000, 900_000))
                bench.pair.cut("link", false)
                await bench.script.sleep(10_000)
                took.push(await untilMirrored(bench))
            }
        })
        for (const h of hosts) await h.verify()
        await bench.script.sleep(REST_US)
    }, LIMIT_US)
    for (const name of BOARD_NAMES) assert.ok(!bench.said(name, /took over/))
    for (const h of hosts) assert.equal(h.losses, 0)
    assertEqualCards(bench)
    t.diagnostic(`mirrored again after ${ms(took)}`)
})
