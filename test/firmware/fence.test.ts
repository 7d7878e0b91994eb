/**
 * A board dies, and wires break in the same moment: the partner takes over
 * when it can be sure that nobody else answers for the address, and never else.
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
import { writerOf } from "../support/writer.ts"

const speed = unlimitedSpeed()

const FENCES = [
    "whole",
    "cut",
    "cut long ago",
    "stuck high",
    "stuck low",
] as const
type Fence = (typeof FENCES)[number]
type Link = "whole" | "cut"

/** The heartbeat line changes every 15 ms: one of these hangs with it low. */
const HALF_BEAT_US = 15_000

/** How a board dies, and when after the beginning. */
const DEATHS = {
    power: { afterUs: 0, stallUs: 0 },
    "hung in one half of its beat": { afterUs: 0, stallUs: Infinity },
    "hung in the other half": { afterUs: HALF_BEAT_US, stallUs: Infinity },
    "stalled for 90 ms": { afterUs: 0, stallUs: 90_000 },
    "stalled for 100 ms in the other half": {
        afterUs: HALF_BEAT_US,
        stallUs: 100_000,
    },
}
type Death = keyof typeof DEATHS

/** By what still speaks: heartbeat or carrier, or else the chip on the LAN. */
const NOT_REACHED =
    /^no takeover: (the fence does not reach the partner|the partner's address still answers)/

const REFUSED: Record<Fence, RegExp | undefined> = {
    whole: undefined,
    cut: NOT_REACHED,
    "cut long ago": /^no takeover: the fence is broken/,
    "stuck high": NOT_REACHED,
    // it holds the partner in reset
    "stuck low": undefined,
}

/** What the heir must say in place of a takeover; undefined: it takes over. */
function refusal(fence: Fence, death: Death): RegExp | undefined {
    const isSilent = death === "power" && fence !== "cut long ago"
    return isSilent ? undefined : REFUSED[fence]
}

/** @throws when two chips that are awake have one address on the LAN */
function assertOneAnswer(bench: VirtualBench) {
    const ips = BOARD_NAMES.flatMap(n => {
        const { home, partner } = bench.pair.nodes[n]
        return [home, partner].filter(c => c.up && c.ip !== 0).map(c => c.ip)
    })
    assert.equal(new Set(ips).size, ips.length, "two boards with one address")
}

async function die(
    bench: VirtualBench,
    victim: BoardName,
    fence: Fence,
    death: Death,
    link: Link,
) {
    const { script, pair } = bench
    const heir = other(victim)
    const { board } = pair.nodes[victim]
    const { afterUs, stallUs } = DEATHS[death]
    if (fence === "cut long ago") {
        pair.cut(`fence-${heir}`, true)
        await script.sleep(300_000)
    }
    await script.sleep(afterUs)
    const [wire] = pair.wire(`fence-${heir}`)
    if (fence === "cut") wire.cut = true
    if (fence === "stuck high") wire.stuck = 1
    if (fence === "stuck low") wire.stuck = 0
    if (link === "cut") pair.cut("link", true)
    if (death === "power") board.setPower(false)
    else board.setHung(true)
    for (let us = 0; us < 600_000; us += 1000) {
        if (us === stallUs) board.setHung(false)
        await script.sleep(1000)
        assertOneAnswer(bench)
    }
}

let seed = 0
for (const fence of FENCES)
    for (const death of Object.keys(DEATHS) as Death[])
        for (const link of ["whole", "cut"] as const) {
            const must = refusal(fence, death)
            test(`fence ${fence}, ${death}, link ${link}: ${must ? "nobody takes over" : "takeover"}`, async () => {
                const victim = BOARD_NAMES[++seed % 2]
                const heir = other(victim)
                const bench = mirroredPair({ speed, seed })
                const host = writerOf(bench, victim)
                await bench.runScript(async () => {
                    const running = host.run()
                    await bench.script.sleep(300_000)
                    await die(bench, victim, fence, death, link)
                    const serves = !must || /^stalled/.test(death)
                    const before = host.count
                    while (serves && host.count < before + 20)
                        await bench.script.sleep(1000)
                    host.stop()
                    if (!serves) return
                    await running
                    await host.verify()
                })
                assert.equal(bench.said(heir, /^took over/), !must)
                if (must) assert.ok(bench.said(heir, must))
                assertOneAnswer(bench)
            })
        }
