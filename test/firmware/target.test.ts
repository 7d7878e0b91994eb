/** What an initiator sees of a target. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { ConnectionLost, LoginRefused } from "../../devs/initiator/initiator.ts"
import { cdbs } from "../../devs/initiator/scsi.ts"
import {
    assertGood,
    assertSense,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

const speed = unlimitedSpeed()

test("discovery names the target and its address", async () => {
    const bench = mirroredPair({ speed })
    const i = bench.initiator("a", { target: undefined })
    const targets = await bench.runScript(async () => {
        await i.login()
        return i.sendTargets()
    })
    assert.deepEqual(targets, [
        "TargetName=iqn.2026-11.com.example:twinstore.a",
        "TargetAddress=10.0.0.11:3260,1",
    ])
})

for (const end of ["\n", "\r", " ", "\x1b[2J", "\x7f", "\x9b2J"])
    test(`a name cannot tell the console ${JSON.stringify(end)}`, async () => {
        const bench = mirroredPair({ speed })
        const name = `iqn.2026-11.com.example:x${end}> a: took over`
        const i = bench.initiator("a", { name })
        await assert.rejects(
            bench.runScript(() => i.login()),
            /login refused: 0200/,
        )
        assert.ok(!bench.said("a", /took over/))
    })

test("of a long name the console tells the beginning, and which it is", async () => {
    const bench = mirroredPair({ speed })
    const start = "iqn.2026-11.com.example:" + "x".repeat(190)
    const hosts = ["1", "2", "1"].map(end =>
        bench.initiator("a", { name: start + end }),
    )
    await bench.runScript(async () => {
        for (const h of hosts) {
            await h.login()
            await h.ready()
        }
        await bench.script.sleep(1e6)
    })
    const told = bench.consoles.a.events.flatMap(e =>
        [...e.text.matchAll(/: login (\S+)/g)].map(m => m[1]),
    )
    assert.match(told[0], /^iqn\.2026-11\.com\.example:x{23}~[0-9a-f]{16}$/)
    assert.notEqual(told[1], told[0])
    // and the same one takes its session's place
    assert.equal(told[2], told[0])
    assert.deepEqual(
        hosts.map(h => h.isConnected),
        [false, true, true],
    )
})

test("a long name is cut between its characters", async () => {
    const bench = mirroredPair({ speed })
    // the beginning that is kept ends in the second byte of one
    const i = bench.initiator("a", {
        name: "iqn.2026-11.com:" + "é".repeat(50),
    })
    await bench.runScript(() => i.login())
    assert.ok(bench.said("a", /: login iqn\.2026-11\.com:é{15}~[0-9a-f]{16} /))
})

test("a name is at most 223 bytes long, and its bytes are characters", async () => {
    const bench = mirroredPair({ speed })
    const broken = ["iqn.\ufffd", "iqn.\ufffd" + "n".repeat(100)]
    for (const name of ["n".repeat(224), ...broken])
        await assert.rejects(
            bench.runScript(() => bench.initiator("a", { name }).login()),
            /login refused: 0200/,
        )
})

test("login is refused for a target that is not there", async () => {
    const bench = mirroredPair({ speed })
    const i = bench.initiator("a", { target: "iqn.2026-11.com.example:x" })
    await assert.rejects(
        bench.runScript(() => i.login()),
        (e: LoginRefused) => e.status === 0x0203,
    )
})

test("keys are combined as RFC 7143 says", async () => {
    const bench = mirroredPair({ speed })
    const i = bench.initiator("a", {
        keys: {
            HeaderDigest: "CRC32C,None",
            DataDigest: "CRC32C",
            InitialR2T: "Yes",
            ImmediateData: "No",
            MaxBurstLength: 16384,
            FirstBurstLength: 131072,
            MaxConnections: 4,
            MaxOutstandingR2T: 8,
            ErrorRecoveryLevel: 2,
            DefaultTime2Wait: 5,
            DefaultTime2Retain: 20,
            IFMarker: "Yes",
            "X-com.example.key": 1,
        },
    })
    await bench.runScript(() => i.login())
    const { keys } = i
    assert.equal(keys.HeaderDigest, "None")
    assert.equal(keys.DataDigest, "Reject")
    assert.equal(keys.InitialR2T, "Yes")
    assert.equal(keys.ImmediateData, "No")
    assert.equal(keys.MaxBurstLength, "16384")
    assert.equal(keys.FirstBurstLength, "4096")
    assert.equal(keys.MaxConnections, "1")
    assert.equal(keys.MaxOutstandingR2T, "1")
    assert.equal(keys.ErrorRecoveryLevel, "0")
    assert.equal(keys.DefaultTime2Wait, "5")
    assert.equal(keys.DefaultTime2Retain, "0")
    assert.equal(keys.IFMarker, "No")
    assert.equal(keys["X-com.example.key"], "NotUnderstood")
    assert.equal(keys.MaxRecvDataSegmentLength, "4096")
    assert.equal(keys.TargetPortalGroupTag, "1")
})

test("a new session gets a unit attention, once", async () => {
    const bench = mirroredPair({ speed })
    const i = bench.initiator("a")
    await bench.runScript(async () => {
        await i.login()
        assertGood(await i.command(cdbs.inquiry(), 255))
        assertSense(await i.command(cdbs.testUnitReady()), 0x062900)
        assertGood(await i.command(cdbs.testUnitReady()))
    })
})

test("INQUIRY describes the unit", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const standard = (await i.command(cdbs.inquiry(), 255)).data
        assert.equal(standard.length, 96)
        assert.equal(standard[0], 0)
        assert.equal(standard.toString("latin1", 8, 16), "TWINSTOR")
        const page = async (code: number) =>
            (await i.command(cdbs.inquiry(code), 255)).data
        assert.deepEqual(
            [...(await page(0))],
            [0, 0, 0, 5, 0, 0x80, 0x83, 0xb0, 0xb2],
        )
        const serial = await page(0x80)
        assert.match(serial.toString("latin1", 4), /^[0-9a-f]{16}$/)
        const ids = await page(0x83)
        assert.equal(ids.readUInt16BE(2), ids.length - 4)
        assert.equal(ids[8] >> 4, 3, "NAA locally assigned")
        assert.match(
            ids.toString("latin1"),
            /iqn\.2026-11\.com\.example:twinstore\.a,t,0x0001/,
        )
        const limits = await page(0xb0)
        assert.equal(limits.length, 64)
        assert.equal(limits.readUInt32BE(8), 256)
        assert.equal((await page(0xb2)).length, 8)
        assertSense(await i.command(cdbs.inquiry(0x85), 255), 0x052400)
    })
})

test("capacity is 32 MiB by both commands", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const c10 = (await i.command(cdbs.readCapacity10(), 8)).data
        const c16 = (await i.command(cdbs.readCapacity16(), 32)).data
        assert.equal(c10.readUInt32BE(0), 65535)
        assert.equal(c10.readUInt32BE(4), 512)
        assert.equal(c16.readBigUInt64BE(0), 65535n)
        assert.equal(c16.readUInt32BE(8), 512)
    })
})

test("the cache is reported as volatile, and FUA as obeyed", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const { data } = await i.command(cdbs.modeSense6(8), 255)
        assert.equal(data[0], data.length - 1)
        assert.equal(data[2] & 0x10, 0x10, "DPOFUA")
        assert.equal(data[3], 8, "block descriptor")
        assert.equal(data[12], 8, "caching page")
        assert.equal(data[14] & 4, 4, "WCE")
    })
})

test("commands are refused with the sense that fits", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const raw = (...bytes: number[]) =>
            i.command(
                Buffer.from([...bytes, ...Array(16 - bytes.length).fill(0)]),
            )
        assertSense(await raw(0x04), 0x052000) // FORMAT UNIT
        assertSense(await raw(0x9e, 0x11), 0x052400) // unknown service action
        assertSense(await i.read(65536, 1), 0x052100)
        assertSense(await i.read(65535, 2), 0x052100)
        assertSense(await i.write(65532, Buffer.alloc(4096)), 0x052100)
        // READ CAPACITY(10) with an LBA and without PMI
        assertSense(await raw(0x25, 0, 0, 0, 0, 1), 0x052400)
        // READ(10) that wants protection information
        assertSense(await raw(0x28, 0x20, 0, 0, 0, 0, 0, 0, 1), 0x052400)
        // MODE SENSE(6) of saved values
        assertSense(await raw(0x1a, 0, 0xc8, 0, 255), 0x053900)
        assertGood(await i.read(65535, 1))
    })
})

test("another LUN is not supported, and says so in its own way", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = bench.initiator("a", { lun: 5 })
        await i.login()
        const inquiry = await i.command(cdbs.inquiry(), 255)
        assert.equal(inquiry.data[0], 0x7f)
        assertSense(await i.command(cdbs.testUnitReady()), 0x052500)
        const luns = (await i.command(cdbs.reportLuns(), 256)).data
        assert.equal(luns.readUInt32BE(0), 8)
    })
})

test("reads and writes of all sizes come back as they were sent", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        let lba = 3
        for (const blocks of [1, 2, 7, 8, 9, 16, 17, 63, 256]) {
            assertGood(await i.write(lba, pattern(lba, blocks, blocks)))
            const r = await i.read(lba, blocks)
            assertGood(r)
            assert.ok(r.data.equals(pattern(lba, blocks, blocks)))
            lba += blocks + 1
        }
    })
})

for (const keys of [
    { ImmediateData: "No" },
    { InitialR2T: "Yes" },
    { ImmediateData: "No", InitialR2T: "Yes" },
    { FirstBurstLength: 512 },
    { MaxRecvDataSegmentLength: 512 },
] as Record<string, string | number>[])
    test(`data come and go with ${JSON.stringify(keys)}`, async () => {
        const bench = mirroredPair({ speed })
        await bench.runScript(async () => {
            const i = bench.initiator("a", { keys })
            await i.login()
            await i.ready()
            for (const blocks of [1, 8, 20, 64]) {
                const data = pattern(100, blocks, blocks)
                assertGood(await i.write(100, data))
                const r = await i.read(100, blocks)
                assertGood(r)
                assert.ok(r.data.equals(data))
            }
        })
    })

test("residuals tell what the initiator expected wrongly", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const more = await i.command(cdbs.read10(0, 2), 4096)
        assertGood(more)
        assert.equal(more.residual, 4096 - 1024)
        assert.equal(more.data.length, 1024)
        const less = await i.command(cdbs.read10(0, 8), 1024)
        assertGood(less)
        assert.equal(less.residual, 1024 - 4096)
    })
})

test("FUA and SYNCHRONIZE CACHE return when both cards have the data", async () => {
    const bench = mirroredPair({ speed })
    const onCards = (lba: number, blocks: number) =>
        (["a", "b"] as const).map(n =>
            Buffer.concat(
                Array.from({ length: blocks }, (_, k) =>
                    bench.media[n].read(2048 + lba + k),
                ),
            ),
        )
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const data = pattern(40, 8, 1)
        assertGood(await i.write(40, data, true))
        for (const card of onCards(40, 8)) assert.ok(card.equals(data))
        const more = [0, 1, 2].map(n => pattern(64 + 8 * n, 8, n))
        const writes = more.map((d, n) => i.write(64 + 8 * n, d))
        for (const w of writes) assertGood(await w)
        assertGood(await i.synchronize())
        for (const card of onCards(64, 24))
            assert.ok(card.equals(Buffer.concat(more)))
    })
})

test("many commands in flight are all answered, in any session", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const sessions = [
            await loggedIn(bench, "a"),
            await loggedIn(bench, "a"),
            await loggedIn(bench, "b"),
        ]
        const all = sessions.flatMap((s, n) =>
            Array.from({ length: 20 }, async (_, k) => {
                const lba = n * 1000 + k * 16
                const data = pattern(lba, 1 + (k % 12), k)
                assertGood(await s.write(lba, data))
                const r = await s.read(lba, data.length / 512)
                assert.ok(r.data.equals(data), `session ${n}, write ${k}`)
            }),
        )
        await Promise.all(all)
    })
})

test("reads that come when the send buffer is full are answered", async () => {
    // at a Pico's speed: hosts are quicker than the board
    const bench = mirroredPair({ seed: 2 })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const reader = async (_: unknown, n: number) => {
            for (let k = 0; k < 25; k++)
                assertGood(await i.read(n * 1000 + 8 * k, 8))
        }
        await Promise.all(Array.from({ length: 8 }, reader))
    })
})

test("a session is reinstated by the same initiator and ISID", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const name = "iqn.2026-11.com.example:same"
        const old = bench.initiator("a", { name })
        await old.login()
        const fresh = bench.initiator("a", { name })
        await fresh.login()
        await fresh.ready()
        assertGood(await fresh.command(cdbs.testUnitReady()))
        await assert.rejects(old.command(cdbs.testUnitReady()))
    })
})

test("a malformed last login text does not end the session it would replace", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const options = { name: "iqn.2026-11.com.example:host1" }
        const bad = bench.initiator("a", { ...options, keys: { "=": 1 } })
        await assert.rejects(bad.login(), ConnectionLost)
        assertGood(await i.read(0, 1))
    })
})

test("pings come back, and a logout is answered", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        assert.equal((await i.ping(Buffer.from("ping"))).toString(), "ping")
        assert.equal((await i.ping(Buffer.alloc(0))).length, 0)
        await i.logout()
    })
})

test("a host that has logged out logs in again", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        for (let k = 0; k < 5; k++) {
            await i.logout()
            await i.login()
            await i.ready()
            assertGood(await i.read(0, 8))
        }
    })
})

test("task management answers, and resets are told to others", async () => {
    const bench = mirroredPair({ speed })
    await bench.runScript(async () => {
        const i = await loggedIn(bench)
        const other = await loggedIn(bench)
        assert.equal(await i.manage(1, 12345), 1, "no such task")
        assert.equal(await i.manage(5), 0, "LUN reset")
        assertGood(await i.command(cdbs.testUnitReady()))
        assertSense(await other.command(cdbs.testUnitReady()), 0x062903)
        assert.equal(await i.manage(7), 5, "cold reset is not supported")
    })
})
