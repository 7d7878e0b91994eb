/** How a volume is mirrored is a setting: in step, asynchronously, or not. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import {
    BOARD_NAMES,
    unlimitedSpeed,
    type BoardName,
    type Mirroring,
} from "../../devs/bench/pair.ts"
import type { MemoryMedia } from "../../devs/bench/sdcard/media.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import type { Initiator } from "../../devs/initiator/initiator.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"

const MIB = 1
const FIRST_VOLUME_LBA = 2048
const OPTIONS = { speed: unlimitedSpeed(), mib: MIB }
/** Blocks of its memory that a board has for its own volume's writes. */
const OWN_BLOCKS = 24
/** The link's packets come so late that nothing is mirrored meanwhile. */
const LATE_US = 40_000
const REST_US = 2e6

/** The same cards in boards with these settings, without power. */
function again(
    media: Record<BoardName, MemoryMedia>,
    mirror: Record<BoardName, Mirroring>,
) {
    const program = buildProgram()
    return new VirtualBench({ ...OPTIONS, program, seed: 62, media, mirror })
}

const volumeOf = (bench: VirtualBench, board: BoardName) =>
    bench.consoles[board].status[`volume.${board}`]

async function assertHolds(host: Initiator, lba: number, data: Buffer) {
    const r = await host.read(lba, data.length / 512)
    assertGood(r)
    assert.ok(r.data.equals(data), `old data at block ${lba}`)
}

/** Until a board's console has said it, in a while. */
async function untilSaid(bench: VirtualBench, board: BoardName, what: RegExp) {
    const until = bench.world.now + 20e6
    while (!bench.said(board, what)) {
        assert.ok(bench.world.now < until, `${board} never said ${what}`)
        await bench.script.sleep(1000)
    }
}

describe("mirrored asynchronously", () => {
    const mirror = { a: "async", b: "sync" } as const

    test("a write is acknowledged before the partner has it, a safe one after", async () => {
        const bench = mirroredPair({ ...OPTIONS, seed: 61, mirror })
        await bench.runScript(async () => {
            const took: Partial<Record<string, number>> = {}
            const time = async (name: string, job: Promise<unknown>) => {
                const from = bench.world.now
                await job
                took[name] = bench.world.now - from
            }
            const hosts = {
                a: await loggedIn(bench, "a"),
                b: await loggedIn(bench, "b"),
            }
            // the first write after a pause waits for its mark on the card
            for (const name of BOARD_NAMES)
                assertGood(await hosts[name].write(0, pattern(0, 8, 1)))
            bench.pair.cable.delay = () => LATE_US
            for (const name of BOARD_NAMES)
                await time(name, hosts[name].write(8, pattern(8, 8, 2)))
            await assertHolds(hosts.a, 8, pattern(8, 8, 2))
            await time("fua", hosts.a.write(16, pattern(16, 8, 3), true))
            bench.pair.cable.delay = undefined
            await bench.script.sleep(REST_US)
            const { a, b, fua } = took as Record<string, number>
            assert.ok(a < LATE_US / 4, `a's write took ${a} µs`)
            assert.ok(b > LATE_US, `b's write took ${b} µs`)
            assert.ok(fua > LATE_US, `a's safe write took ${fua} µs`)
        })
        assert.equal(volumeOf(bench, "a"), "mirrored-async")
        assert.equal(volumeOf(bench, "b"), "mirrored")
        assert.equal(bench.consoles.a.counters["behind.a"], "0")
        assert.equal(bench.consoles.a.counters["behind.b"], undefined)
        assertEqualCards(bench, MIB)
    })

    test("what could be lost is told, and is as much as memory holds", async () => {
        const bench = mirroredPair({ ...OPTIONS, seed: 61, mirror })
        const behind: number[] = []
        await bench.runScript(async () => {
            const host = await loggedIn(bench, "a")
            assertGood(await host.write(0, pattern(0, 8, 1), true))
            bench.pair.cable.delay = () => LATE_US
            let acked = 0
            for (let k = 1; k < 20; k++)
                void host.write(8 * k, pattern(8 * k, 8, k)).then(() => acked++)
            await bench.script.sleep(LATE_US / 2)
            assert.equal(acked, OWN_BLOCKS / 8)
            bench.pair.nodes.a.board.command("status")
            await bench.script.sleep(LATE_US / 4)
            behind.push(Number(bench.consoles.a.counters["behind.a"]))
        })
        assert.deepEqual(behind, [OWN_BLOCKS * 512])
    })

    test("its board dies: no block is torn, what was safe is there, and both cards are equal again", async () => {
        const bench = mirroredPair({ ...OPTIONS, seed: 63, mirror })
        await bench.runScript(async () => {
            const host = await loggedIn(bench, "a")
            assertGood(await host.write(0, pattern(0, 64, 1), true))
            bench.pair.cut("link", true)
            for (let lba = 0; lba < OWN_BLOCKS; lba += 8)
                assertGood(await host.write(lba, pattern(lba, 8, 2)))
            bench.pair.nodes.a.board.setPower(false)
            bench.pair.cut("link", false)
            await untilSaid(bench, "b", /^took over/)
            const later = await loggedIn(bench, "a")
            // acknowledged, and lost: that is what the setting means
            await assertHolds(later, 0, pattern(0, 64, 1))
            assertGood(await later.write(100, pattern(100, 8, 3)))
            await later.logout()
            bench.pair.nodes.a.board.setPower(true)
            await untilMirrored(bench)
            const home = await loggedIn(bench, "a")
            await assertHolds(home, 0, pattern(0, 64, 1))
            await assertHolds(home, 100, pattern(100, 8, 3))
            await bench.script.sleep(REST_US)
        }, 120e6)
        assertEqualCards(bench, MIB)
    })
})

describe("not mirrored", () => {
    const mirror = { a: "none", b: "sync" } as const

    /** Data in both volumes, and both boards stopped at rest. */
    async function stopped(mirror: Record<BoardName, Mirroring>) {
        const bench = mirroredPair({ ...OPTIONS, seed: 61, mirror })
        await bench.runScript(async () => {
            for (const name of BOARD_NAMES) {
                const host = await loggedIn(bench, name)
                assertGood(await host.write(0, pattern(0, 64, 1), true))
                await host.logout()
            }
            await bench.script.sleep(REST_US)
        })
        bench.pair.setPower(false)
        return bench.media
    }

    test("it is on its own card alone", async () => {
        const media = await stopped(mirror)
        const first = (card: BoardName, volume: number) =>
            Buffer.from(media[card].read(FIRST_VOLUME_LBA + volume * 2048))
        const data = pattern(0, 1, 1)
        assert.ok(first("a", 0).equals(data) && !first("b", 0).equals(data))
        assert.ok(first("a", 1).equals(data) && first("b", 1).equals(data))
    })

    test("its board dies: the other goes on with its own, and takes nothing else", async () => {
        const bench = mirroredPair({ ...OPTIONS, seed: 61, mirror })
        await bench.runScript(async () => {
            const host = await loggedIn(bench, "a")
            assertGood(await host.write(0, pattern(0, 64, 1)))
            // what is acknowledged alone is on the card
            bench.pair.nodes.a.board.setPower(false)
            await untilSaid(bench, "b", /^volume b alone/)
            const other = await loggedIn(bench, "b")
            assertGood(await other.write(0, pattern(0, 64, 2)))
            await bench.script.sleep(REST_US)
            assert.equal(bench.consoles.b.status.serves, "b")
            bench.pair.nodes.b.board.command("serve-alone")
            await untilSaid(
                bench,
                "b",
                /^command serve-alone: refused: it waits with nothing/,
            )
            await other.logout()
            bench.pair.nodes.a.board.setPower(true)
            await untilMirrored(bench)
            await assertHolds(await loggedIn(bench, "a"), 0, pattern(0, 64, 1))
        }, 120e6)
        assert.equal(volumeOf(bench, "a"), "unmirrored")
        assert.equal(volumeOf(bench, "b"), "mirrored")
    })

    test("it needs no partner to be served again", async () => {
        const bench = again(await stopped(mirror), mirror)
        bench.pair.nodes.a.board.setPower(true)
        await bench.runScript(async () => {
            await untilSaid(bench, "a", /^home port serves/)
            const host = await loggedIn(bench, "a")
            await assertHolds(host, 0, pattern(0, 64, 1))
            assertGood(await host.write(64, pattern(64, 8, 2)))
            assert.equal(bench.consoles.a.status.serves, "a")
            // the session stays when the partner comes
            bench.pair.nodes.b.board.setPower(true)
            await untilMirrored(bench)
            await assertHolds(host, 64, pattern(64, 8, 2))
            await assertHolds(await loggedIn(bench, "b"), 0, pattern(0, 64, 1))
        }, 120e6)
    })

    test("nor does a takeover by command touch it", async () => {
        const bench = mirroredPair({ ...OPTIONS, seed: 61, mirror })
        await bench.runScript(async () => {
            bench.pair.nodes.b.board.command("takeover")
            await untilSaid(
                bench,
                "b",
                /^command takeover: refused: .* not mirrored here/,
            )
            bench.pair.nodes.a.board.command("takeover")
            await untilSaid(bench, "a", /^command takeover: done/)
            await untilSaid(bench, "a", /^partner port serves/)
            await assertEmpty(await loggedIn(bench, "b"))
            await bench.script.sleep(200_000)
        })
        assert.equal(bench.consoles.a.status.serves, "a,b")
    })

    test("its card fails: its hosts hear of it, and the other volume goes on", async () => {
        const bench = mirroredPair({ ...OPTIONS, seed: 61, mirror })
        await bench.runScript(async () => {
            bench.pair.nodes.a.card.present = false
            const other = await loggedIn(bench, "b")
            assertGood(await other.write(0, pattern(0, 64, 2), true))
            await untilSaid(bench, "b", /^volume b alone/)
            assertGood(await other.write(0, pattern(0, 64, 3), true))
            assert.equal(bench.consoles.b.status.serves, "b")
        }, 60e6)
    })

    test("mirrored from now on: all that it has is copied", async () => {
        const now = { a: "sync", b: "sync" } as const
        const bench = again(await stopped(mirror), now)
        bench.pair.setPower(true)
        await bench.runScript(async () => {
            await untilMirrored(bench)
            await assertHolds(await loggedIn(bench, "a"), 0, pattern(0, 64, 1))
        }, 120e6)
        assert.equal(volumeOf(bench, "a"), "mirrored")
        assertEqualCards(bench, MIB)
    })

    test("no longer mirrored: what the partner has newer comes home first", async () => {
        const both = { a: "sync", b: "sync" } as const
        const before = mirroredPair({ ...OPTIONS, seed: 61, mirror: both })
        await before.runScript(async () => {
            before.pair.nodes.a.board.setPower(false)
            await untilSaid(before, "b", /^took over/)
            const host = await loggedIn(before, "a")
            assertGood(await host.write(0, pattern(0, 64, 1), true))
            await before.script.sleep(REST_US)
        })
        before.pair.setPower(false)
        const bench = again(before.media, mirror)
        bench.pair.setPower(true)
        await bench.runScript(async () => {
            await untilMirrored(bench)
            const host = await loggedIn(bench, "a")
            await assertHolds(host, 0, pattern(0, 64, 1))
            assertGood(await host.write(0, pattern(0, 64, 2)))
            await bench.script.sleep(REST_US)
            // the partner's copy is no copy any more
            bench.pair.nodes.a.board.setPower(false)
            await untilSaid(bench, "b", /^volume b alone/)
            await bench.script.sleep(REST_US)
            assert.equal(bench.consoles.b.status.serves, "b")
        }, 120e6)
    })
})

async function assertEmpty(host: Initiator) {
    await assertHolds(host, 0, Buffer.alloc(8 * 512))
}
