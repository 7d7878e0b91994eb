/**
 * Bits of the link's frames come wrong, with a TCP checksum that is right: as
 * on the SPI bus. No header and no digest is believed, and no block changes for
 * it.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { BOARD_NAMES, unlimitedSpeed } from "../../devs/bench/pair.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import { mirroredPair } from "../support/bench.ts"
import { isHeader } from "../support/linkframe.ts"
import { writersOfBoth } from "../support/writer.ts"

const speed = unlimitedSpeed()
/** Behind the header: the epoch of volume a. */
const HELLO_EPOCH = 16 + 16

/** Types of frames, and bits of them in which damage would tell. */
const FRAMES = [
    { name: "WRITE", type: 2, what: "type", bit: 1 },
    { name: "WRITE", type: 2, what: "blocks", bit: 16 },
    { name: "WRITE", type: 2, what: "place", bit: 24 },
    { name: "WRITE", type: 2, what: "sequence number", bit: 32 },
    { name: "WRITE", type: 2, what: "block's number", bit: 64 + 4 },
    { name: "WRITE", type: 2, what: "check", bit: 96 + 31 },
    { name: "STORED", type: 3, what: "committed entry", bit: 32 },
    { name: "STORED", type: 3, what: "durable entry", bit: 64 },
    { name: "PING", type: 5, what: "check", bit: 96 },
    { name: "VERIFY", type: 13, what: "first sum", bit: 128 },
    { name: "VERIFY", type: 13, what: "last sum", bit: 128 + 127 },
]

for (const { name, type, what, bit } of FRAMES)
    test(`${name} with another ${what} is not believed`, async () => {
        const bench = mirroredPair({ speed, seed: 11 })
        const hosts = writersOfBoth(bench, { depth: 2 })
        let damaged = 0
        await bench.runScript(async () => {
            const running = Promise.all(hosts.map(h => h.run()))
            await bench.script.sleep(200_000)
            // they are sent when there is nothing else
            if (name === "PING" || name === "VERIFY")
                for (const h of hosts) h.stop()
            bench.pair.cable.fault = p => {
                if (damaged > 0 || p.kind !== "tcp" || p.data[0] !== type)
                    return p
                const data = Buffer.from(p.data)
                if (data.length < 16 || !isHeader(data)) return p
                damaged++
                data[bit >> 3] ^= 1 << (bit & 7)
                return { ...p, data }
            }
            await bench.script.sleep(2e6)
            for (const h of hosts) h.stop()
            await running
            for (const h of hosts) await h.verify()
        })
        assert.equal(damaged, 1)
        const dropped = BOARD_NAMES.filter(n =>
            bench.said(n, /^link dropped: damaged frame/),
        )
        assert.equal(dropped.length, 1)
        for (const n of BOARD_NAMES) assert.ok(!bench.said(n, / differ$/))
        // what came behind it is lost with the connection
        for (const n of BOARD_NAMES) {
            assert.ok(bench.said(n, /copy of the partner.* is outdated/))
            assert.equal(bench.consoles[n].status.serves, n)
        }
    })

test("a HELLO that came wrong decides nothing", () => {
    const bench = new VirtualBench({ program: buildProgram(), seed: 12, speed })
    let damaged = 0
    bench.pair.cable.fault = p => {
        if (damaged > 0 || p.kind !== "tcp" || p.data[0] !== 1) return p
        damaged++
        const data = Buffer.from(p.data)
        data[HELLO_EPOCH] ^= 4
        return { ...p, data }
    }
    bench.pair.setPower(true)
    bench.run(5e6)
    assert.equal(damaged, 1)
    const dropped = BOARD_NAMES.filter(n =>
        bench.said(n, /^link dropped: damaged frame/),
    )
    assert.equal(dropped.length, 1)
    // the other board has met its partner, and serves: this one meets it later,
    // when the other has given up its copies; they are brought up to date
    for (const n of BOARD_NAMES) {
        assert.ok(bench.said(n, /^met /))
        const { status } = bench.consoles[n]
        assert.equal(status.serves, n)
        assert.equal(status[`volume.${n}`], "mirrored")
    }
})
