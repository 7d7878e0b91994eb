/**
 * Our programmable initiator against a target that others have made: what
 * initiator and target of ours have misunderstood alike shows here.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    ConnectionLost,
    Initiator,
    LoginRefused,
    type InitiatorOptions,
} from "../../devs/initiator/initiator.ts"
import { PduReader } from "../../devs/initiator/pdu.ts"
import { cdbs } from "../../devs/initiator/scsi.ts"
import { overSocket, type Connect } from "../../devs/initiator/transport.ts"
import { Random } from "../../devs/sim/random.ts"
import { assertGood, assertSense, pattern } from "../support/bench.ts"
import { OTHER } from "../support/live.ts"
import { Tgt, TGT_DISK_BYTES, TGT_LUN, TGT_NAME } from "../support/tgt.ts"
import { needs } from "../support/tools.ts"

const options = { ...needs("tgtd", "tgtadm"), timeout: 60_000 }

/** A test against a tgt of its own. */
function tgtTest(name: string, f: (tgt: Tgt) => Promise<void>) {
    test(name, options, async t => f(await Tgt.start(t)))
}

const connect = overSocket(OTHER.ip, OTHER.port)

function initiator(more: Partial<InitiatorOptions> = {}): Initiator {
    return new Initiator({ connect, target: TGT_NAME, lun: TGT_LUN, ...more })
}

async function loggedIn(more: Partial<InitiatorOptions> = {}) {
    const i = initiator(more)
    await i.login()
    await i.ready()
    return i
}

/** Opcodes of PDUs, RFC 7143 11.2.1.2. */
const DATA_OUT = 0x05
const R2T = 0x31

/** Counts the PDUs that pass, by opcode. */
function counting(pdus: Map<number, number>): Connect {
    const count = (reader: PduReader, data: Uint8Array) => {
        for (const { bhs } of reader.push(data)) {
            const opcode = bhs[0] & 0x3f
            pdus.set(opcode, (pdus.get(opcode) ?? 0) + 1)
        }
    }
    return user => {
        const received = new PduReader()
        const sent = new PduReader()
        const transport = connect({
            ...user,
            received: data => {
                count(received, data)
                user.received(data)
            },
        })
        return {
            ...transport,
            send: data => {
                count(sent, data)
                transport.send(data)
            },
        }
    }
}

tgtTest("tgt is discovered, and refuses names it does not have", async () => {
    const discovery = initiator({ target: undefined })
    await discovery.login()
    assert.deepEqual(await discovery.sendTargets(), [
        `TargetName=${TGT_NAME}`,
        `TargetAddress=${OTHER.ip}:${OTHER.port},1`,
    ])
    await discovery.logout()
    await assert.rejects(
        initiator({ target: "iqn.2026-11.com.example:none" }).login(),
        (e: LoginRefused) => e.status === 0x0203,
    )
})

tgtTest("keys are negotiated with tgt", async tgt => {
    await tgt.want({
        MaxBurstLength: 65536,
        FirstBurstLength: 16384,
        ImmediateData: "No",
        InitialR2T: "Yes",
        MaxOutstandingR2T: 8,
        // what tgt declares unasked makes one more round of login
        MaxRecvDataSegmentLength: 4096,
    })
    const i = await loggedIn()
    const agreed = {
        HeaderDigest: "None",
        DataDigest: "None",
        MaxBurstLength: "65536",
        FirstBurstLength: "16384",
        ImmediateData: "No",
        InitialR2T: "Yes",
        MaxRecvDataSegmentLength: "4096",
        MaxOutstandingR2T: "1",
        ErrorRecoveryLevel: "0",
    }
    for (const [key, value] of Object.entries(agreed))
        assert.equal(i.keys[key], value, key)
    await i.logout()
})

/** How data may leave, and how many R2Ts then ask for 64 KiB. */
const WAYS = [
    { ImmediateData: "No", InitialR2T: "Yes", r2ts: 4 },
    { ImmediateData: "Yes", InitialR2T: "Yes", r2ts: 4 },
    { ImmediateData: "No", InitialR2T: "No", r2ts: 3 },
    { ImmediateData: "Yes", InitialR2T: "No", r2ts: 3 },
]

for (const { r2ts, ...way } of WAYS)
    tgtTest(`data reach tgt's disk with ${JSON.stringify(way)}`, async tgt => {
        await tgt.want({
            ...way,
            FirstBurstLength: 16384,
            MaxBurstLength: 16384,
            MaxRecvDataSegmentLength: 4096,
        })
        const pdus = new Map<number, number>()
        const i = await loggedIn({ connect: counting(pdus) })
        assert.equal(i.keys.ImmediateData, way.ImmediateData)
        assert.equal(i.keys.InitialR2T, way.InitialR2T)
        for (const blocks of [1, 8, 9, 32, 33, 128]) {
            const data = pattern(100, blocks, blocks)
            pdus.clear()
            assertGood(await i.write(100, data))
            assert.ok(tgt.onDisk(100, blocks).equals(data), `${blocks} blocks`)
        }
        // the last were 16 segments
        assert.equal(pdus.get(R2T), r2ts)
        const inCommand = way.ImmediateData === "Yes" ? 1 : 0
        assert.equal(pdus.get(DATA_OUT), 16 - inCommand)
    })

tgtTest("commands in flight get the answers that are theirs", async tgt => {
    const i = await loggedIn()
    const random = new Random(5)
    const lba = (k: number) => k * 200
    const data = Array.from({ length: 40 }, (_, k) =>
        pattern(lba(k), random.int(1, 199), k),
    )
    const writes = data.map((d, k) => i.write(lba(k), d))
    assert.ok(i.inFlight === data.length, `${i.inFlight} in flight`)
    for (const w of writes) assertGood(await w)
    const reads = data.map((d, k) => i.read(lba(k), d.length / 512))
    for (const [k, read] of reads.entries()) {
        const r = await read
        assertGood(r)
        assert.ok(r.data.equals(data[k]), `read ${k}`)
        assert.ok(tgt.onDisk(lba(k), data[k].length / 512).equals(data[k]))
    }
})

tgtTest("status, sense and residuals of tgt are understood", async () => {
    const i = initiator()
    await i.login()
    assertSense(await i.command(cdbs.testUnitReady()), 0x062900)
    await i.ready()
    assertSense(await i.read(TGT_DISK_BYTES / 512, 1), 0x052100)
    const capacity = (await i.command(cdbs.readCapacity10(), 8)).data
    assert.equal(capacity.readUInt32BE(0), TGT_DISK_BYTES / 512 - 1)
    const short = await i.command(cdbs.inquiry(undefined, 36), 100)
    assertGood(short)
    assert.equal(short.residual, 64)
    assert.equal(short.data.length, 36)
    assertGood(await i.synchronize())
    assert.equal((await i.ping(Buffer.from("ping"))).toString(), "ping")
    assert.equal(await i.manage(5), 0, "LUN reset")
})

tgtTest("the same ISID takes a session over", async () => {
    const old = await loggedIn()
    const fresh = await loggedIn()
    const other = await loggedIn({ isid: "402a54570002" })
    await assert.rejects(old.command(cdbs.testUnitReady()), ConnectionLost)
    assertGood(await fresh.command(cdbs.testUnitReady()))
    assertGood(await other.command(cdbs.testUnitReady()))
})

tgtTest("a session that was lost comes back with its ISID", async tgt => {
    const i = await loggedIn()
    assertGood(await i.write(8, pattern(8, 8, 1)))
    const lost = i.write(8, pattern(8, 8, 2))
    i.abort()
    await assert.rejects(lost, ConnectionLost)
    assert.equal(i.isConnected, false)
    await i.login()
    await i.ready()
    assertGood(await i.write(8, pattern(8, 8, 2)))
    assert.ok((await i.read(8, 8)).data.equals(pattern(8, 8, 2)))
    assert.ok(tgt.onDisk(8, 8).equals(pattern(8, 8, 2)))
})
