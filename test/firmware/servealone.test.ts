/** A board whose partner does not come back serves when an operator says so. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"

const speed = unlimitedSpeed()
/** Boot, and a while in which a partner would have been heard. */
const BOOTED_US = 4e6
const BACK_US = 60e6

/** Both volumes hold data, and nobody has power. */
async function stoppedPair() {
    const bench = mirroredPair({ speed, seed: 41, mib: 1 })
    await bench.runScript(async () => {
        for (const name of ["a", "b"] as const) {
            const host = await loggedIn(bench, name)
            assertGood(await host.write(8, pattern(8, 16, 5)))
            assertGood(await host.synchronize())
        }
        await bench.script.sleep(2e6)
    })
    const { media } = bench
    bench.pair.setPower(false)
    return new VirtualBench({
        program: buildProgram(),
        seed: 42,
        mib: 1,
        speed,
        media,
    })
}

test("serve-alone: both volumes, with their data; the partner is caught up", async () => {
    const bench = await stoppedPair()
    const { a, b } = bench.pair.nodes
    a.board.setPower(true)
    await bench.runScript(async () => {
        await bench.script.sleep(BOOTED_US)
        assert.equal(bench.consoles.a.status.serves, "none")
        a.board.command("serve-alone")
        await bench.script.sleep(500_000)
        assert.ok(bench.said("a", /^command serve-alone: done/))
        for (const name of ["a", "b"] as const) {
            const host = await loggedIn(bench, name)
            const r = await host.read(8, 16)
            assertGood(r)
            assert.ok(r.data.equals(pattern(8, 16, 5)))
            assertGood(await host.write(100, pattern(100, 8, 6)))
            await host.logout()
        }
        b.board.setPower(true)
        const until = bench.world.now + BACK_US
        while (!bench.isMirrored && bench.world.now < until)
            await bench.script.sleep(20_000)
        assert.ok(bench.isMirrored, "b is not back")
        const host = await loggedIn(bench, "b")
        const r = await host.read(100, 8)
        assertGood(r)
        assert.ok(r.data.equals(pattern(100, 8, 6)))
    }, 200e6)
})

test("serve-alone is refused while the partner is heard, or answers", async () => {
    const bench = mirroredPair({ speed, seed: 43 })
    const { a, b } = bench.pair.nodes
    const ask = async (why: RegExp) => {
        a.board.command("serve-alone")
        await bench.script.sleep(500_000)
        const answer = bench.consoles.a.events.findLast(e =>
            /^command serve-alone/.test(e.text),
        )
        assert.match(answer?.text ?? "", why)
    }
    await bench.runScript(async () => {
        await ask(/refused: it waits with nothing/)
        // a comes up beside a partner that serves, and hears nothing of it
        a.board.setPower(false)
        await bench.script.sleep(2e6)
        for (const wire of ["link", "beat-b"] as const)
            bench.pair.cut(wire, true)
        a.board.setPower(true)
        await bench.script.sleep(BOOTED_US)
        await ask(/refused: the address answers on the LAN/)
        bench.pair.cut("beat-b", false)
        await bench.script.sleep(100_000)
        await ask(/refused: the partner is heard/)
        assert.equal(bench.consoles.a.status.serves, "none")
        b.board.setPower(false)
        await bench.script.sleep(2e6)
        await ask(/: done/)
    }, 60e6)
})
