/** Frames of the mirror engine, byte by byte, and what it believes of them. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import type { Socket } from "../../../src/drivers/w5500.ts"
import { bytes, newBoard, useDeviceScript } from "../../support/devicescript.ts"
import { header } from "../../support/linkframe.ts"

useDeviceScript()
const { makeVolume, Mode } = await import("../../../src/store/volume.ts")

const BLOCKS = 65536
/** A link with room for anything. */
const socket = { txFree: 8192 } as Socket

/** Board a: home of volume a, mirror of volume b. */
async function start() {
    const tag = newBoard()
    const load = (module: string) => import(`../../../src/${module}.ts${tag}`)
    const mirror: typeof import("../../../src/pair/mirror.ts") =
        await load("pair/mirror")
    const pool: typeof import("../../../src/store/pool.ts") =
        await load("store/pool")
    const log: typeof import("../../../src/store/log.ts") =
        await load("store/log")
    const map: typeof import("../../../src/store/dirtymap.ts") =
        await load("store/dirtymap")
    const net: typeof import("../../../src/net/out.ts") = await load("net/out")
    const { startFrames } = await load("pair/frames")
    const { startProgress } = await load("store/progress")
    const { out } = await load("net/frames")
    const { DATA } = await load("drivers/w5500")

    const volumes = [makeVolume(0), makeVolume(1)]
    const [home, foreign] = volumes
    for (const v of volumes) {
        v.blocks = BLOCKS
        v.isSaved = true
        v.flags = 1 // Active: the card knows
    }
    home.mode = Mode.Mirrored
    foreign.mode = Mode.Mirror
    startProgress({ wake() {} })
    startFrames(socket, false)
    mirror.startMirror(volumes)
    /** The card has what the dirty maps say. */
    const saveMaps = () => {
        for (let i = map.mapToSave(); i >= 0; i = map.mapToSave()) {
            map.mapImage(i)
            map.mapSaved(i)
        }
    }
    map.beginIntents(home)
    // where most of these tests write
    map.markIntent(home, 0, 1)
    saveMaps()
    return {
        ...mirror,
        home,
        foreign,
        pool,
        saveMaps,
        /** Where the data of the WRITE go, in bytes of the pool. */
        place: () => mirror.writePlace,
        /** A write of a host to volume a. */
        write(lba: number, count: number, fill: number) {
            const run = pool.takeRun(pool.own, count)
            pool.pool.fillAt(run * 512, count * 512, fill)
            return log.write(home, lba, count, run)
        },
        /** What it has to send, as hex. */
        async frames(isPing = false) {
            await mirror.sendFrames(isPing)
            const frames = out.slice(DATA, DATA + net.outLength)
            net.dropOut()
            return frames.toString("hex")
        },
    }
}

const frame = (digits: string) => digits.replace(/ /g, "")

describe("the home of a volume", () => {
    test("sends a write with its place, its data and a trailer", async () => {
        const board = await start()
        board.write(0x12, 2, 0x5a)
        assert.equal(
            await board.frames(),
            // WRITE, volume a, 2 blocks to place 0, entry 1, LBA
            header("02 00 0200 01000000 12000000") +
                "5a".repeat(1024) +
                frame("01000000 57454e44"),
        )
        assert.equal(board.home.sent, 1)
        assert.equal(board.home.committed, 0, "nobody has said so")
    })
    test("sends nothing before its card says where it writes", async () => {
        const board = await start()
        board.write(0x1234, 1, 1)
        assert.equal(await board.frames(), "")
        board.saveMaps()
        await board.frames()
        assert.equal(board.home.sent, 1)
    })
    test("gives each write a place of its own", async () => {
        const board = await start()
        board.write(0, 1, 1)
        board.write(1, 2, 2)
        const second = (await board.frames()).slice(2 * (16 + 512 + 8))
        assert.equal(
            second.slice(0, 32),
            header("02 00 0201 02000000 01000000"),
        )
    })
    test("sends no more than the partner has room for", async () => {
        const board = await start()
        board.pool.takeRun(board.pool.remote, 8)
        board.pool.takeRun(board.pool.remote, 7)
        board.write(0, 1, 1)
        board.write(1, 1, 2)
        await board.frames()
        assert.equal(board.home.sent, 1)
        // the first is on the partner's card: its place is free
        board.takeStored(bytes("03 00 0000 01000000 01000000"), 0)
        await board.frames()
        assert.equal(board.home.sent, 2)
    })
    test("asks for what a host wants to be durable, once", async () => {
        const board = await start()
        board.write(0, 1, 1)
        board.home.syncWanted = 1
        const sync = header("04 00 0000 01000000 00000000")
        assert((await board.frames()).endsWith(sync))
        assert.equal(await board.frames(), "")
    })
    test("believes what is stored", async () => {
        const board = await start()
        for (const lba of [0, 1, 2]) board.write(lba, 1, lba)
        await board.frames()
        const before = board.pool.remote.freeBlocks
        const stored = bytes("03 00 0000 02000000 01000000")
        assert.equal(board.takeStored(stored, 0), undefined)
        assert.equal(board.home.committed, 2)
        assert.equal(board.home.partnerDurable, 1)
        assert.equal(board.pool.remote.freeBlocks, before + 1)
        // what is told late changes nothing
        const late = bytes("03 00 0000 01000000 00000000")
        assert.equal(board.takeStored(late, 0), undefined)
        assert.equal(board.home.committed, 2)
    })
    for (const [what, stored] of [
        ["was never sent", "03 00 0000 02000000 00000000"],
        ["is durable and not committed", "03 00 0000 00000000 01000000"],
    ] as const)
        test(`does not believe what ${what}`, async () => {
            const board = await start()
            board.write(0, 1, 1)
            await board.frames()
            assert.match(board.takeStored(bytes(stored), 0) ?? "", /never sent/)
            assert.equal(board.home.committed, 0)
        })
})

describe("the mirror of a volume", () => {
    // entry 1 of volume b, LBA 7, 2 blocks to place 5
    const write = "02 01 0205 01000000 07000000"
    const trailer = "01000000 57454e44"

    test("takes a write where the home says", async () => {
        const board = await start()
        assert.equal(board.beginWrite(bytes(write), 0), undefined)
        assert.equal(board.place(), (24 + 5) * 512)
        assert.equal(board.foreign.appended, 0, "not before its trailer")
        assert.equal(board.endWrite(bytes(trailer), 0, false), undefined)
        const { foreign } = board
        assert.equal(foreign.committed, 1)
        assert.equal(foreign.lba.getAt(4, "u32"), 7)
        assert.equal(foreign.count[1], 2)
        assert.equal(foreign.run[1], 24 + 5)
    })
    test("tells what is committed, and with a ping what is durable", async () => {
        const board = await start()
        board.beginWrite(bytes(write), 0)
        board.endWrite(bytes(trailer), 0, false)
        assert.equal(
            await board.frames(),
            header("03 01 0000 01000000 00000000"),
        )
        board.foreign.durable = 1
        assert.equal(await board.frames(), "")
        assert.equal(
            await board.frames(true),
            header("03 01 0000 01000000 01000000"),
        )
    })
    test("tells at once what is durable when it was asked", async () => {
        const board = await start()
        board.beginWrite(bytes(write), 0)
        board.endWrite(bytes(trailer), 0, false)
        await board.frames()
        board.takeSync(bytes("04 01 0000 01000000 00000000"), 0)
        assert.equal(await board.frames(), "", "there is nothing to tell")
        board.foreign.durable = 1
        assert.equal(
            await board.frames(),
            header("03 01 0000 01000000 01000000"),
        )
    })
    test("commits nothing before its card knows that it is written to", async () => {
        const board = await start()
        board.foreign.isSaved = false
        board.beginWrite(bytes(write), 0)
        board.endWrite(bytes(trailer), 0, false)
        assert.equal(await board.frames(), "")
        board.foreign.isSaved = true
        assert.equal(
            await board.frames(),
            header("03 01 0000 01000000 00000000"),
        )
    })

    for (const [what, bad, why] of [
        ["to its own volume", "02 00 0205 01000000 07000000", /mirrored/],
        ["to no volume", "02 07 0205 01000000 07000000", /mirrored/],
        ["that skips an entry", "02 01 0205 02000000 07000000", /order/],
        ["that comes again", "02 01 0205 00000000 07000000", /order/],
        ["of no blocks", "02 01 0005 01000000 07000000", /range/],
        ["of nine blocks", "02 01 0905 01000000 07000000", /range/],
        ["behind its area", "02 01 020f 01000000 07000000", /range/],
        ["far behind its area", "02 01 02ff 01000000 07000000", /range/],
        ["behind the volume", "02 01 0205 01000000 ffff0000", /range/],
        ["far behind the volume", "02 01 0205 01000000 ffffffff", /range/],
    ] as const)
        test(`refuses a write ${what}`, async () => {
            const board = await start()
            assert.match(board.beginWrite(bytes(bad), 0) ?? "", why)
        })
    for (const [what, bad] of [
        ["of another entry", "02000000 57454e44"],
        ["that was cut off", "01000000 57454e00"],
    ] as const)
        test(`refuses a write with a trailer ${what}`, async () => {
            const board = await start()
            board.beginWrite(bytes(write), 0)
            assert.match(board.endWrite(bytes(bad), 0, false) ?? "", /trailer/)
            assert.equal(board.foreign.appended, 0)
        })
    test("refuses writes when its copy is outdated", async () => {
        const board = await start()
        board.foreign.mode = Mode.Waiting
        assert.match(board.beginWrite(bytes(write), 0) ?? "", /mirrored/)
    })
})
