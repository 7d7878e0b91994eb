/** What a host meets at the address of a board that has died. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { BOARD_NAMES } from "../../devs/bench/pair.ts"
import { ConnectionLost } from "../../devs/initiator/initiator.ts"
import { cdbs } from "../../devs/initiator/scsi.ts"
import {
    assertGood,
    assertSense,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

for (const victim of BOARD_NAMES)
    test(`a host of ${victim} that comes back at once is let in`, async () => {
        // at a Pico's speed: sockets need a millisecond to listen
        const bench = mirroredPair()
        await bench.runScript(async () => {
            const host = await loggedIn(bench, victim)
            assertGood(await host.write(0, pattern(0, 8, 1)))
            bench.pair.nodes[victim].board.setPower(false)
            // its connection ends when the address has a new owner
            await assert.rejects(host.read(0, 8), ConnectionLost)
            await host.login()
            assertSense(await host.command(cdbs.testUnitReady()), 0x062900)
            const r = await host.read(0, 8)
            assertGood(r)
            assert.ok(r.data.equals(pattern(0, 8, 1)))
        })
    })

for (const victim of BOARD_NAMES)
    test(`a host that was about to log in to ${victim} hears of its death`, async () => {
        const bench = mirroredPair()
        await bench.runScript(async () => {
            const host = bench.initiator(victim)
            await host.open()
            await bench.script.sleep(200_000)
            bench.pair.nodes[victim].board.setPower(false)
            await bench.script.sleep(500_000)
            assert.ok(!host.isConnected)
            await host.login()
            await host.ready()
        })
    })
