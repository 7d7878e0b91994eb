/** While the link cable is broken, the copy goes over the LAN. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Host } from "../../devs/bench/net/host.ts"
import {
    BOARD_NAMES,
    picoSpeed,
    unlimitedSpeed,
    type Flashed,
} from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"
import { header } from "../support/linkframe.ts"
import {
    impostor,
    noise,
    Recorder,
    say,
    untilOnLan,
} from "../support/strangers.ts"

const MIB = 1
const REST_US = 2e6

/** The cable is cut, and the pair is one again over the LAN. */
async function mirroredOverLan(bench: VirtualBench) {
    bench.pair.cut("link", true)
    await untilOnLan(bench)
    return await untilMirrored(bench)
}

/** What a board tells now, last of all. */
const lastOf = (bench: VirtualBench, what: RegExp) =>
    bench.events.findLast(e => what.test(e.text))?.ms ?? 0

for (const [speed, name] of [
    [unlimitedSpeed(), "unlimited speed"],
    [picoSpeed(), "a Pico's speed"],
] as const)
    test(`a death while the cable is cut loses nothing that was acknowledged, at ${name}`, async t => {
        const bench = mirroredPair({ speed, seed: 61, mib: MIB })
        await bench.runScript(async () => {
            const host = await loggedIn(bench, "a")
            assertGood(await host.write(0, pattern(0, 64, 1)))
            const us = await mirroredOverLan(bench)
            t.diagnostic(`mirrored again after ${(us / 1e6).toFixed(2)} s`)
            // more than a record takes, and less
            assertGood(await host.write(3, pattern(3, 8, 2)))
            assertGood(await host.write(20, pattern(20, 1, 3)))
            assertGood(await host.write(32, pattern(32, 31, 4)))
            bench.pair.nodes.a.board.setPower(false)
            while (!bench.said("b", /^took over/))
                await bench.script.sleep(1000)
            const again = await loggedIn(bench, "a")
            for (const [lba, blocks, tag] of [
                [0, 3, 1],
                [3, 8, 2],
                [20, 1, 3],
                [32, 31, 4],
            ]) {
                const r = await again.read(lba, blocks)
                assertGood(r)
                assert.ok(r.data.equals(pattern(lba, blocks, tag)), `${lba}`)
            }
        })
    })

test("the cable that is back carries the copy again", async () => {
    const bench = mirroredPair({ seed: 62, mib: MIB })
    await bench.runScript(async () => {
        const hosts = [await loggedIn(bench, "a"), await loggedIn(bench, "b")]
        const write = async (tag: number) => {
            for (const h of hosts)
                assertGood(await h.write(tag, pattern(tag, 16, tag)))
        }
        await write(1)
        await mirroredOverLan(bench)
        await write(2)
        const before = bench.events.length
        bench.pair.cut("link", false)
        while (lastOf(bench, /^link up/) <= bench.events[before - 1].ms)
            await bench.script.sleep(10_000)
        await untilMirrored(bench)
        await write(3)
        await bench.script.sleep(REST_US)
        const since = bench.events.slice(before).map(e => e.text)
        assert.ok(!since.includes("the link goes over the LAN"))
        for (const h of hosts) await h.logout()
    })
    assertEqualCards(bench, MIB)
    for (const name of BOARD_NAMES) assert.ok(!bench.said(name, /took over/))
})

test("blocks that the own card cannot read come over the LAN, too", async () => {
    const bench = mirroredPair({ seed: 63, mib: MIB })
    await bench.runScript(async () => {
        const host = await loggedIn(bench, "a")
        assertGood(await host.write(0, pattern(0, 16, 1), true))
        await mirroredOverLan(bench)
        const { card } = bench.pair.nodes.a
        card.faults.weakSectors = new Set([2048 + 3, 2048 + 12])
        const r = await host.read(0, 16)
        assertGood(r)
        assert.ok(r.data.equals(pattern(0, 16, 1)))
    })
})

test("a volume is not moved while its port is the link's way", async () => {
    const bench = mirroredPair({ seed: 64, mib: MIB })
    await bench.runScript(async () => {
        await mirroredOverLan(bench)
        bench.pair.nodes.b.board.command("takeover")
        while (!bench.said("b", /^command takeover/))
            await bench.script.sleep(10_000)
    })
    assert.ok(bench.said("b", /command takeover: .*mend the cable first/))
    assert.equal(bench.consoles.a.status.serves, "a")
})

test("a pair without a key stays apart", async () => {
    const misflash = (_: string, right: Flashed) => ({
        ...right,
        "tw.key": undefined,
    })
    const bench = mirroredPair({ seed: 65, mib: MIB, misflash })
    await bench.runScript(async () => {
        bench.pair.cut("link", true)
        await bench.script.sleep(5e6)
    })
    for (const name of BOARD_NAMES) {
        assert.ok(!bench.said(name, /over the LAN/))
        assert.equal(bench.consoles[name].status[`volume.${name}`], "alone")
    }
})

/// Strangers ///

/** What strangers say who do not have the key. */
const WORDS: Record<string, (recorded: Buffer[]) => Buffer[]> = {
    "says nothing": () => [],
    "says anything": () => [noise(1085)],
    "speaks as over the cable": () => [
        Buffer.from(header("05 00 0000 00000000 00000000"), "hex"),
        Buffer.from(header("02 00 0101 01000000 00000000"), "hex"),
        Buffer.alloc(600, 0xee),
    ],
    "has a record with a tag of its own": () => [
        Buffer.concat([
            Buffer.from("000110000000000000000000", "hex"),
            noise(61 - 12),
        ]),
    ],
    "repeats all that the partner has said before": recorded => recorded,
    "repeats the partner's nonce, and then waits": recorded =>
        recorded.slice(0, 1),
}

/** Board a, alone, its partner off the LAN, and what that had said on it. */
async function withImpostor(
    bench: VirtualBench,
    act: (host: Host, recorded: Buffer[]) => Promise<void>,
) {
    const initiator = await loggedIn(bench, "a")
    assertGood(await initiator.write(0, pattern(0, 64, 1)))
    const recorder = new Recorder(bench, "b")
    await mirroredOverLan(bench)
    const { sent } = recorder
    assert.ok(sent.length > 10)
    const host = impostor(bench, "b")
    while (bench.consoles.a.status["volume.a"] !== "alone")
        await bench.script.sleep(10_000)
    await bench.script.sleep(1e6)
    assertGood(await initiator.write(8, pattern(8, 8, 2)))
    await bench.script.sleep(REST_US)
    const epoch = bench.consoles.a.counters["epoch.a"]
    await act(host, [...sent])
    const r = await initiator.read(0, 64)
    assertGood(r)
    const expected = pattern(0, 64, 1)
    expected.set(pattern(8, 8, 2), 8 * 512)
    assert.ok(r.data.equals(expected), "what a host wrote has changed")
    assert.equal(bench.consoles.a.counters["epoch.a"], epoch)
    assert.equal(bench.consoles.a.status["volume.a"], "alone")
    assert.ok(bench.said("a", /a stranger .* refused/))
}

for (const [what, words] of Object.entries(WORDS))
    test(`a stranger with the partner's address that ${what} is refused, and changes nothing`, async () => {
        const bench = mirroredPair({ seed: 66, mib: MIB })
        await bench.runScript(() =>
            withImpostor(bench, async (host, recorded) => {
                const { length } = await say(bench, host, "a", words(recorded))
                // nonce and proof
                assert.ok(length <= 2 * 61, `a has answered ${length} bytes`)
            }),
        )
    })

test("a flood of strangers leaves hosts their service", async t => {
    const bench = mirroredPair({ seed: 67, mib: MIB })
    await bench.runScript(() =>
        withImpostor(bench, async host => {
            for (let i = 0; i < 5; i++)
                await Promise.all(
                    Array.from({ length: 20 }, (_, k) =>
                        say(bench, host, "a", [noise(61, 20 * i + k)]),
                    ),
                )
            // counters are told each second
            await bench.script.sleep(REST_US)
        }),
    )
    const refused = Number(bench.consoles.a.counters.strangers)
    t.diagnostic(`${refused} refused`)
    // one of each twenty, unless they come before the socket listens again
    assert.ok(refused >= 3)
})

test("who has another address than the partner is refused at once", async () => {
    const bench = mirroredPair({ seed: 68, mib: MIB })
    await bench.runScript(() =>
        withImpostor(bench, async (_, recorded) => {
            const answer = await say(bench, bench.host(), "a", recorded)
            assert.equal(answer.length, 0)
        }),
    )
})
