/** Hosts come and go, in order or not, and leave nothing behind. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { cdbs } from "../../devs/initiator/scsi.ts"
import type { Initiator } from "../../devs/initiator/initiator.ts"
import { encode, header } from "../../devs/initiator/pdu.ts"
import { loggedIn, mirroredPair } from "../support/bench.ts"

const speed = unlimitedSpeed()
/** Each socket is looked at within 4 × 100 ms; an end of TCP takes less. */
const SETTLED_US = 600_000

const leave: Record<string, (i: Initiator) => Promise<void>> = {
    "a logout": i => i.logout(),
    "a FIN": async i => i.disconnect(),
    // which the W5500 may tell by an interrupt, or not
    "a RST": async i => i.abort(),
}

for (const [how, end] of Object.entries(leave))
    test(`sessions that end with ${how} make room for others`, async () => {
        for (const seed of [1, 2, 3]) {
            const bench = mirroredPair({ speed, seed })
            await bench.runScript(async () => {
                for (let round = 0; round < 10; round++) {
                    const both = [await loggedIn(bench), await loggedIn(bench)]
                    for (const i of both) await end(i)
                    await bench.script.sleep(SETTLED_US)
                }
            })
            assert.equal(
                bench.consoles.a.events.filter(e => /dropped/.test(e.text))
                    .length,
                0,
                `seed ${seed}`,
            )
        }
    })

test("hosts that log in at once do not keep the heartbeat away", async () => {
    // at a Pico's speed: a login's text keeps the VM for some 30 ms
    const bench = mirroredPair({ seed: 2 })
    await bench.runScript(async () => {
        const hosts = [1, 2, 3].map(() => bench.initiator("b"))
        await Promise.all(hosts.map(h => h.login()))
        await Promise.all(hosts.map(h => h.ready()))
    })
    assert.ok(!bench.said("a", /silent|lost/))
})

test("a write that is refused with its connection leaves no task behind", async () => {
    const bench = mirroredPair({ speed, seed: 3 })
    await bench.runScript(async () => {
        // more often than there are tasks
        for (let round = 0; round < 14; round++) {
            const i = await loggedIn(bench)
            const bhs = header(0x01, 0xa0, 99)
            bhs.writeUInt32BE(512, 20)
            bhs.writeUInt32BE(i.cmdSn, 24)
            cdbs.write10(0, 1).copy(bhs, 32)
            i.sendRaw(encode(bhs, Buffer.alloc(1024)))
            await bench.script.sleep(SETTLED_US)
            assert.ok(bench.said("a", /more immediate data than expected$/))
        }
        // the counters are told once a second
        await bench.script.sleep(2e6)
    })
    assert.equal(bench.consoles.a.counters.tasks, "12")
})
