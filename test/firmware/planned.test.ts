/** An operator moves a volume to the other board, and back, under load. */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    BOARD_NAMES,
    other,
    picoSpeed,
    unlimitedSpeed,
} from "../../devs/bench/pair.ts"
import { ConnectionLost } from "../../devs/initiator/initiator.ts"
import { assertGood, loggedIn, mirroredPair } from "../support/bench.ts"
import {
    assertEqualCards,
    BACK_LIMIT_US,
    untilMirrored,
} from "../support/healing.ts"
import { writersOfBoth } from "../support/writer.ts"

const ROUNDS = 3
/** From service until a host knows that its connection is gone. */
const TOLD_US = 20_000
/** A link that was silent for longer before a death is a broken link. */
const TOGETHER_MS = 60
/** As in src/pair/giving.ts: a volume is moved in less, or 10 s later. */
const HOLD_MS = 3000

/** With what a host may wait for a volume that moves, beside a busy one. */
for (const [speed, name, pauseMs] of [
    [unlimitedSpeed(), "unlimited speed", 250],
    // of a board that is saturated: a command takes 150 ms there at any time
    [picoSpeed(), "a Pico's speed", 900],
] as const)
    for (const taker of BOARD_NAMES)
        test(`takeover by ${taker}, and giveback, at ${name}`, async t => {
            const bench = mirroredPair({ speed, seed: 61 })
            const { board } = bench.pair.nodes[taker]
            const serves = () => bench.consoles[taker].status.serves
            const hosts = writersOfBoth(bench, { restUs: 20_000, depth: 2 })
            const until = async (what: string) => {
                const limit = bench.world.now + 10e6
                while (serves() !== what) {
                    assert.ok(bench.world.now < limit, `serves=${what}`)
                    await bench.script.sleep(1000)
                }
            }
            await bench.runScript(async () => {
                const running = Promise.all(hosts.map(h => h.run()))
                await bench.script.sleep(500_000)
                for (const h of hosts) h.longestPause = 0
                for (let round = 0; round < ROUNDS; round++) {
                    board.command("takeover")
                    await until(`${taker},${other(taker)}`)
                    // it is not given back by itself
                    await bench.script.sleep(2e6)
                    assert.equal(serves(), `${taker},${other(taker)}`)
                    board.command("giveback")
                    await until(taker)
                    await untilMirrored(bench)
                    await bench.script.sleep(500_000)
                }
                const ms = Math.max(...hosts.map(h => h.longestPause)) / 1000
                t.diagnostic(`longest pause of a host ${ms} ms`)
                assert.ok(ms < pauseMs, `a host waited ${ms} ms`)
                for (const h of hosts) h.stop()
                await running
                for (const h of hosts) await h.verify()
                await bench.script.sleep(2e6)
            }, 120e6)
            assert.ok(!bench.events.some(e => /^took over/.test(e.text)))
            assertEqualCards(bench)
        })

/**
 * Commands that lie before the data of one that runs fill a chip, and then
 * nothing comes that could raise an interrupt.
 */
test("long writes, several at once, do not keep a volume from being moved", async t => {
    const bench = mirroredPair({ speed: picoSpeed(), seed: 65 })
    const { board } = bench.pair.nodes.b
    const hosts = [0, 1000].flatMap(first =>
        writersOfBoth(bench, { first, blocks: 800, depth: 4, longest: 40 }),
    )
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(500_000)
        for (let round = 0; round < ROUNDS; round++)
            for (const [order, serves] of [
                ["takeover", "b,a"],
                ["giveback", "b"],
            ]) {
                const from = bench.world.now
                board.command(order)
                while (bench.consoles.b.status.serves !== serves)
                    await bench.script.sleep(1000)
                const ms = (bench.world.now - from) / 1000
                t.diagnostic(`${order} after ${ms} ms`)
                assert.ok(ms < HOLD_MS, `${order} after ${ms} ms`)
                await bench.script.sleep(500_000)
            }
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
    }, 120e6)
})

test("a host that has not logged in yet hears that the volume moves", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 63 })
    await bench.runScript(async () => {
        // nobody but this board knows of it
        const host = bench.initiator("a")
        await host.open()
        await bench.script.sleep(50_000)
        assert.ok(host.isConnected)
        bench.pair.nodes.b.board.command("takeover")
        while (bench.consoles.b.status.serves !== "b,a")
            await bench.script.sleep(1000)
        await bench.script.sleep(10_000)
        assert.ok(!host.isConnected)
        await host.login()
        await host.ready()
    }, 10e6)
})

test("who has taken the partner's volume dies: its partner has both", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 62 })
    const { a } = bench.pair.nodes
    const hosts = writersOfBoth(bench)
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(300_000)
        a.board.command("takeover")
        while (bench.consoles.a.status.serves !== "a,b")
            await bench.script.sleep(1000)
        await bench.script.sleep(200_000)
        a.board.setPower(false)
        while (bench.consoles.b.status.serves !== "b,a")
            await bench.script.sleep(1000)
        a.board.setPower(true)
        await bench.script.sleep(500_000)
        await untilMirrored(bench)
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
        await bench.script.sleep(2e6)
    }, 120e6)
    assertEqualCards(bench)
})

for (const [order, giver, taker] of [
    ["takeover", "a", "b"],
    ["giveback", "b", "a"],
] as const)
    test(`${taker} dies as a is given to it, at ${order}: hosts are told`, async () => {
        const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 64 })
        const { b } = bench.pair.nodes
        const until = async (done: () => boolean) => {
            while (!done()) await bench.script.sleep(100)
        }
        await bench.runScript(async () => {
            if (order === "giveback") {
                b.board.command("takeover")
                await until(() => bench.consoles.b.status.serves === "b,a")
            }
            // too young to be known from the looks at each socket
            const host = await loggedIn(bench)
            b.board.command(order)
            await until(() => bench.said(giver, /^volume a given/))
            bench.pair.nodes[taker].board.setPower(false)
            // the old connection: the host has no other reason to end it
            const isLost = host.read(0, 1).then(
                () => false,
                e => e instanceof ConnectionLost,
            )
            await until(() => bench.said(giver, /^took over/))
            await bench.script.sleep(TOLD_US)
            assert.ok(!host.isConnected)
            assert.ok(await isLost)
            await host.login()
            await host.ready()
            assertGood(await host.read(0, 1))
        }, 10e6)
    })

test("a Pico that takes a volume, and its hosts, is heard on the link all the time", async t => {
    const bench = mirroredPair({ speed: picoSpeed(), seed: 65 })
    const { b } = bench.pair.nodes
    let heardAt = Infinity
    let silenceUs = 0
    bench.pair.cable.fault = (packet, from) => {
        if (from !== b.link || !("data" in packet) || !packet.data.length)
            return packet
        silenceUs = Math.max(silenceUs, bench.world.now - heardAt)
        heardAt = bench.world.now
        return packet
    }
    await bench.runScript(async () => {
        const hosts = await Promise.all(
            BOARD_NAMES.map(name => loggedIn(bench, name)),
        )
        heardAt = bench.world.now
        b.board.command("takeover")
        while (hosts[0].isConnected) await bench.script.sleep(1000)
        await hosts[0].login()
        await hosts[0].ready()
        await bench.script.sleep(100_000)
    }, 10e6)
    const ms = silenceUs / 1000
    t.diagnostic(`silent for ${ms.toFixed(1)} ms`)
    assert.ok(ms < TOGETHER_MS, `${ms} ms`)
})

/** A frame waits for the link's next round, and an operator may speak just then. */
for (let us = 0; us <= 5000; us += 1000)
    test(`takeover ${us} us after a volume was given back: it is heard, and so is that`, async () => {
        const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 66 })
        const { b } = bench.pair.nodes
        const until = async (what: () => boolean) => {
            const limit = bench.world.now + BACK_LIMIT_US
            while (!what()) {
                assert.ok(bench.world.now < limit, String(what))
                await bench.script.sleep(100)
            }
        }
        const servesBoth = () => bench.consoles.b.status.serves === "b,a"
        const timesTaken = () =>
            bench.consoles.b.events.filter(e => e.text === "volume a taken")
                .length
        await bench.runScript(async () => {
            b.board.command("takeover")
            await until(servesBoth)
            b.board.command("giveback")
            await until(() => bench.said("b", /^volume a given back/))
            await bench.script.sleep(us)
            b.board.command("takeover")
            // of the first time, the console may still say that b serves both
            await until(() => timesTaken() === 2)
            await until(servesBoth)
            b.board.command("giveback")
            await until(() => bench.isMirrored)
        }, 120e6)
    })

test("takeover and giveback are refused when there is nothing to move", async () => {
    const bench = mirroredPair({ speed: unlimitedSpeed(), seed: 63 })
    const { a, b } = bench.pair.nodes
    const ask = async (name: string, why: RegExp) => {
        a.board.command(name)
        await bench.script.sleep(300_000)
        const answer = bench.consoles.a.events.findLast(e =>
            e.text.startsWith(`command ${name}: `),
        )
        assert.match(answer?.text ?? "", why)
    }
    await bench.runScript(async () => {
        await ask("giveback", /refused: it does not serve/)
        b.board.setPower(false)
        await bench.script.sleep(1e6)
        await ask("takeover", /refused: it serves both/)
    }, 60e6)
})
