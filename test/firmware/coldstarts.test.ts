/**
 * Cold starts: whatever had happened to the boards before both lost power, and
 * whichever gets it back first, the first one waits, the newest copy of each
 * volume is served, and the pair becomes one.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import {
    BOARD_NAMES,
    other,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"

const speed = unlimitedSpeed()
const MIB = 1
/** "An hour later" is this: the board that waits has nothing to wait for. */
const ALONE_US = 20e6
const AT = 40

/** Who comes first; the other one comes when it has waited. */
type Order = BoardName | "together"
const ORDERS: Order[] = ["a", "b", "together"]

interface History {
    /** Until both have no power; version 2 is what hosts were promised. */
    happens(bench: VirtualBench): Promise<void>
    /** who serves a's volume and b's at first */
    servedBy: Record<BoardName, BoardName>
}

async function writeBoth(bench: VirtualBench, version: number, rest = 0) {
    for (const name of BOARD_NAMES) {
        const host = await loggedIn(bench, name)
        assertGood(await host.write(AT, pattern(AT, 8, version), true))
        await host.logout()
    }
    // cards are marked as not written to a while after the last write
    await bench.script.sleep(rest)
}

const REST_US = 2e6
const AT_HOME = { a: "a", b: "b" } as const
const at = (board: BoardName) => ({ a: board, b: board })

/** The victim dies, and its partner goes on. */
async function dies(bench: VirtualBench, victim: BoardName) {
    bench.pair.nodes[victim].board.setPower(false)
    await bench.script.sleep(1e6)
    await writeBoth(bench, 2)
}

/** It comes back, is told that it is outdated, and cannot be caught up. */
async function isOutdated(bench: VirtualBench, victim: BoardName) {
    await dies(bench, victim)
    bench.pair.nodes[victim].board.setPower(true)
    while (!bench.said(victim, /^own copy is outdated/))
        await bench.script.sleep(1000)
}

const histories: Record<string, History> = {
    "both stopped at rest": {
        happens: bench => writeBoth(bench, 2, REST_US),
        servedBy: AT_HOME,
    },
    "both died together, in mid-write": {
        async happens(bench) {
            await writeBoth(bench, 2)
            const host = await loggedIn(bench, "a")
            for (let k = 0; k < 8; k++)
                host.write(200 + 8 * k, pattern(0, 8, k)).catch(() => {})
            await bench.script.sleep(12_000)
        },
        servedBy: AT_HOME,
    },
    "a died alone": {
        happens: bench => dies(bench, "a"),
        servedBy: at("b"),
    },
    "b died alone": {
        happens: bench => dies(bench, "b"),
        servedBy: at("a"),
    },
    "a was outdated": {
        happens: bench => isOutdated(bench, "a"),
        servedBy: at("b"),
    },
    "b was outdated": {
        happens: bench => isOutdated(bench, "b"),
        servedBy: at("a"),
    },
    "the link was cut": {
        async happens(bench) {
            bench.pair.cut("link", true)
            await bench.script.sleep(1e6)
            await writeBoth(bench, 2)
        },
        servedBy: AT_HOME,
    },
}

/** Which board's console first said that it serves a volume. */
function firstToServe(bench: VirtualBench, volume: BoardName) {
    const pattern = new RegExp(`^(home|partner) port serves .*\\.${volume}$`)
    return bench.events.find(e => pattern.test(e.text))?.board
}

async function startAgain(bench: VirtualBench, order: Order) {
    if (order === "together") return bench.pair.setPower(true)
    bench.pair.nodes[order].board.setPower(true)
    await bench.script.sleep(ALONE_US)
    assert.ok(bench.said(order, /^waiting for the partner/))
    assert.equal(firstToServe(bench, order), undefined, "it waits")
    assert.equal(firstToServe(bench, other(order)), undefined, "it waits")
    bench.pair.nodes[other(order)].board.setPower(true)
}

for (const [name, { happens, servedBy }] of Object.entries(histories))
    describe(name, () => {
        for (const order of ORDERS)
            test(order === "together" ? order : `${order} first`, async () => {
                const before = mirroredPair({ speed, seed: 71, mib: MIB })
                await before.runScript(async () => {
                    await writeBoth(before, 1, REST_US)
                    await happens(before)
                }, 60e6)
                const { media } = before
                before.pair.setPower(false)
                const bench = new VirtualBench({
                    program: buildProgram(),
                    seed: 72,
                    mib: MIB,
                    speed,
                    media,
                })
                await bench.runScript(async () => {
                    await startAgain(bench, order)
                    await untilMirrored(bench)
                    for (const volume of BOARD_NAMES) {
                        const host = await loggedIn(bench, volume)
                        const r = await host.read(AT, 8)
                        assertGood(r)
                        const isNew = r.data.equals(pattern(AT, 8, 2))
                        assert.ok(isNew, `old data in volume ${volume}`)
                    }
                    await bench.script.sleep(REST_US)
                }, 120e6)
                for (const volume of BOARD_NAMES)
                    assert.equal(firstToServe(bench, volume), servedBy[volume])
                assertEqualCards(bench, MIB)
            })
    })
