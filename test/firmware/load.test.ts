/** Many hosts at once: each gets its share, and none waits for ever. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { ipFrom } from "../../devs/bench/net/ethernet.ts"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { Initiator } from "../../devs/initiator/initiator.ts"
import { BLOCK } from "../../devs/initiator/scsi.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { Writer } from "../support/writer.ts"

const speed = unlimitedSpeed()

test("long writes of many hosts share the pool, and none starves", async t => {
    const bench = mirroredPair({ speed })
    const region = { blocks: 1500, depth: 8, longest: 64 }
    const hosts = [0, 1, 2, 3].map(
        n =>
            new Writer(bench, bench.random.fork(), {
                ...region,
                target: n === 3 ? "b" : "a",
                first: n * 2000,
                fua: n === 1,
            }),
    )
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(5e6)
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
    })
    for (const h of hosts) {
        t.diagnostic(`${h.count} writes, pause ${h.longestPause / 1e3} ms`)
        assert.equal(h.losses, 0)
        assert.ok(h.longestPause < 1e6, `a pause of ${h.longestPause} µs`)
    }
    const counts = [hosts[0].count, hosts[2].count]
    assert.ok(Math.max(...counts) < 3 * Math.min(...counts), counts.join(" "))
})

test("a host that takes no data does not stop the others", async () => {
    const bench = mirroredPair({ speed })
    const lazy = await bench.runScript(() => loggedIn(bench))
    const other = await bench.runScript(() => loggedIn(bench))
    // its commands arrive, and no data that are sent to it do any more
    const deaf = ipFrom("10.0.0.101")
    bench.pair.lan.fault = p =>
        p.kind === "tcp" && p.dst.ip === deaf && p.data.length ? undefined : p
    for (let k = 0; k < 8; k++) void lazy.read(k * 64, 64).catch(() => {})
    await bench.runScript(async () => {
        for (let k = 0; k < 20; k++) {
            assertGood(await other.write(5000, pattern(5000, 24, k)))
            const r = await other.read(5000, 24)
            assert.ok(r.data.equals(pattern(5000, 24, k)))
        }
    })
})

test("hosts that die in mid-write give back what they held", async () => {
    const bench = mirroredPair({ speed })
    const dead = new Set<number>()
    // they acknowledge what they are asked for, and then send nothing more
    bench.pair.lan.fault = p =>
        p.kind === "tcp" &&
        dead.has(p.src.ip) &&
        (p.data.length > 0 || p.rst || p.fin)
            ? undefined
            : p
    await bench.runScript(async () => {
        for (const n of [1, 2, 3]) {
            const i = await loggedIn(bench)
            i.write(n * 1000, pattern(0, 256, n)).catch(() => {})
            await bench.script.sleep(10_000)
            dead.add(ipFrom("10.0.0.100") + n)
        }
        await bench.script.sleep(40e6)
        const other = await loggedIn(bench)
        for (let k = 0; k < 20; k++)
            assertGood(await other.write(5000, pattern(5000, 64, k)))
    }, 120e6)
    assert.ok(bench.said("a", /data do not come/))
})

test("every session of both ports gets a command, however many there are", async () => {
    const bench = mirroredPair({ speed })
    const all: Initiator[] = []
    await bench.runScript(async () => {
        for (let n = 0; n < 4; n++)
            for (const board of ["a", "b"] as const) {
                const i = bench.initiator(board)
                await i.login()
                await i.ready()
                all.push(i)
            }
        const results = all.flatMap((i, n) =>
            Array.from({ length: 12 }, (_, k) =>
                i.write(n * 1000 + k * 8, Buffer.alloc(8 * BLOCK, n)),
            ),
        )
        for (const r of await Promise.all(results)) assertGood(r)
    })
})

test("aborting a read reopens a closed window", async () => {
    const bench = mirroredPair({ speed })
    const i = await bench.runScript(() => loggedIn(bench))
    await bench.runScript(async () => {
        for (let k = 0; k < 30; k++) {
            const reads = Array.from({ length: 8 }, () => i.read(0, 64))
            for (const r of reads) r.catch(() => {})
            await bench.script.sleep(bench.random.int(0, 5000))
            // ABORT TASK SET: none of those sent is answered any more
            const { tags } = i
            assert.equal(await i.manage(2), 0)
            i.forgetCommands(tags)
            assertGood(await i.read(0, 1))
        }
    })
})
