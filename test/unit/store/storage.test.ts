/** The card's fiber: reads through the log, flushes behind it, saves. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { Random } from "../../../devs/sim/random.ts"
import type { ReadJob } from "../../../src/store/storage.ts"
import type { Volume } from "../../../src/store/volume.ts"
import { newBoard, useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript({
    "drivers/sdcard": new URL("../../support/ramcard.ts", import.meta.url).href,
})
const { makeCard, newCard, ram } = await import("../../support/ramcard.ts")
const { Mode, makeVolume } = await import("../../../src/store/volume.ts")
const { DM_BITS, FIRST_VOLUME_LBA, MAP_LBA, SUPERBLOCK_LBA, VolumeFlag } =
    await import("../../../src/wire/card.ts")
const { ReadState } = await import("../../../src/store/storage.ts")

/** Small, so that writes overlap often. */
const BLOCKS = 40

/** A block of a write: its number, over and over. */
const blockOf = (tag: number) => tag.toString(16).padStart(8, "0").repeat(128)
const BLANK = "00".repeat(512)

/** A board whose card is up and whose storage has been started. */
async function start(mode: number) {
    const tag = newBoard()
    const load = (module: string) => import(`../../../src/${module}.ts${tag}`)
    const storage: typeof import("../../../src/store/storage.ts") =
        await load("store/storage")
    const log: typeof import("../../../src/store/log.ts") =
        await load("store/log")
    const pool: typeof import("../../../src/store/pool.ts") =
        await load("store/pool")
    const { beginMap }: typeof import("../../../src/store/dirtymap.ts") =
        await load("store/dirtymap")
    const { initSuperblock } = await load("store/superblock")
    const { startProgress } = await load("store/progress")

    const volumes = [makeVolume(0), makeVolume(1)]
    const [v] = volumes
    v.mode = mode
    v.isSaved = true
    volumes.forEach((v, i) => {
        v.firstLba = FIRST_VOLUME_LBA + i * BLOCKS
        v.blocks = BLOCKS
    })
    newCard()
    initSuperblock(volumes, 1, 0)
    startProgress({ wake() {} })
    storage.startStorage(makeCard({ setMode() {} }), volumes)
    await ram.transfer()
    return {
        v,
        storage,
        log,
        pool,
        beginMap,
        ...actionsOf(v, storage, log, pool),
    }
}

type Board = Awaited<ReturnType<typeof start>>

/** What sessions and the main loop do with a volume. */
function actionsOf(
    v: Volume,
    storage: typeof import("../../../src/store/storage.ts"),
    log: typeof import("../../../src/store/log.ts"),
    pool: typeof import("../../../src/store/pool.ts"),
) {
    const runOf = (area: typeof pool.own, count: number) =>
        pool.takeRun(area, count)
    return {
        /** Lets the card work. @param turns of the main loop */
        async run(turns: number) {
            for (let i = 0; i < turns; i++) {
                storage.endTurn()
                await ram.transfer()
            }
        },
        /** @returns the entry's number, or 0: the pool is full */
        write(lba: number, count: number, tag: number): number {
            const run = runOf(pool.own, count)
            if (run < 0) return 0
            const data = Buffer.from(blockOf(tag).repeat(count), "hex")
            for (let i = 0; i < data.length; i += 4)
                pool.pool.setAt(run * 512 + i, "u32", data.readUInt32LE(i))
            return log.write(v, lba, count, run)
        },
        /** @returns undefined when the pool is full */
        read(lba: number, count: number): ReadJob | undefined {
            const run = runOf(pool.own, count)
            if (run < 0) return undefined
            const readState = ReadState.Idle
            const job = { volume: v, lba, count, run, readState }
            storage.queueRead(job)
            return job
        },
        /** Blocks that a read has brought; gives its room back. */
        blocksOf(job: ReadJob): string[] {
            const blocks: string[] = []
            for (let i = 0; i < job.count; i++) {
                const at = (job.run + i) * 512
                blocks.push(pool.pool.slice(at, at + 512).toString("hex"))
            }
            pool.giveRun(pool.own, job.run, job.count)
            return blocks
        },
    }
}

async function readNow(board: Board, lba: number, count: number) {
    const job = board.read(lba, count)
    assert(job)
    for (let i = 0; job.readState === ReadState.Queued && i < 100; i++)
        await board.run(1)
    assert.equal(job.readState, ReadState.Done)
    return board.blocksOf(job)
}

describe("a read", () => {
    test("of what was never written is what the card has", async () => {
        const board = await start(Mode.Mirrored)
        ram.sectors.set(FIRST_VOLUME_LBA + 3, blockOf(7))
        assert.deepEqual(await readNow(board, 2, 3), [BLANK, blockOf(7), BLANK])
    })
    test("sees what is committed and not yet on the card", async () => {
        const board = await start(Mode.Mirrored)
        board.write(4, 2, 1)
        board.v.committed = 1
        board.v.isSaved = false // so that nothing is flushed
        assert.deepEqual(await readNow(board, 3, 4), [
            BLANK,
            blockOf(1),
            blockOf(1),
            BLANK,
        ])
    })
    test("does not see what is not committed", async () => {
        const board = await start(Mode.Mirrored)
        board.write(4, 2, 1)
        assert.deepEqual(await readNow(board, 4, 2), [BLANK, BLANK])
    })
    test("sees the newest of writes that overlap", async () => {
        const board = await start(Mode.Mirrored)
        board.write(2, 4, 1)
        board.write(4, 4, 2)
        board.write(5, 1, 3)
        board.v.committed = 3
        board.v.isSaved = false
        const seen = await readNow(board, 1, 8)
        const tags = [0, 1, 1, 2, 3, 2, 2, 0]
        assert.deepEqual(seen, tags.map(blockOf))
    })
    test("that an older entry has whole sees the newer ones", async () => {
        const board = await start(Mode.Mirrored)
        board.write(0, 8, 1)
        board.write(3, 1, 2)
        board.v.committed = 2
        board.v.isSaved = false
        const seen = await readNow(board, 2, 3)
        assert.deepEqual(seen, [1, 2, 1].map(blockOf))
    })
    test("is for the partner when the card fails", async () => {
        const board = await start(Mode.Mirrored)
        ram.fails = () => true
        const job = board.read(0, 1)
        await board.run(10)
        assert.equal(job?.readState, ReadState.Queued)
        assert.deepEqual(board.storage.unreadable, [job])
        assert(!board.storage.cardHasFailed(), "it may be one bad sector")
    })
    test("fails when the card does, and no partner has it", async () => {
        const board = await start(Mode.Alone)
        ram.fails = () => true
        const job = board.read(0, 1)
        await board.run(10)
        assert.equal(job?.readState, ReadState.Failed)
        assert.deepEqual(board.storage.unreadable, [])
        assert(!board.storage.cardHasFailed(), "it may be one bad sector")
    })
})

describe("a flush", () => {
    test("frees the blocks and leaves the newest data", async () => {
        const board = await start(Mode.Alone)
        board.write(2, 4, 1)
        board.write(4, 4, 2)
        await board.run(60)
        assert.equal(board.v.durable, 2)
        assert.equal(board.pool.own.freeBlocks, board.pool.OWN_BLOCKS)
        const tags = [0, 0, 1, 1, 2, 2, 2, 2, 0]
        const sectors = tags.map((_, i) =>
            ram.sectors.get(FIRST_VOLUME_LBA + i),
        )
        assert.deepEqual(
            sectors,
            tags.map(tag => (tag ? blockOf(tag) : undefined)),
        )
    })
    test("waits for the partner", async () => {
        const board = await start(Mode.Mirrored)
        board.write(0, 1, 1)
        await board.run(60)
        assert.equal(board.v.durable, 0)
        assert.equal(ram.sectors.get(FIRST_VOLUME_LBA), undefined)
    })
    test("comes after the card says twice that the volume is written to", async () => {
        const board = await start(Mode.Mirror)
        board.v.isSaved = true
        const order: number[] = []
        ram.beforeWrite = lba => order.push(lba)
        board.write(0, 2, 1)
        await board.run(60)
        const marks = order.slice(0, 2).sort((x, y) => x - y)
        assert.deepEqual(marks, SUPERBLOCK_LBA)
        const data = [FIRST_VOLUME_LBA, FIRST_VOLUME_LBA + 1]
        assert.deepEqual(order.slice(2), data)
        for (const lba of marks) {
            // flags of volume a: SB_VOLUMES + 12
            const sector = Buffer.from(ram.sectors.get(lba) ?? "", "hex")
            assert.equal(sector.readUInt32LE(44) & VolumeFlag.Active, 1)
        }
    })
    test("without a partner comes after its extent is marked, twice", async () => {
        const board = await start(Mode.Alone)
        board.v.flags = VolumeFlag.Active
        const order: number[] = []
        ram.beforeWrite = lba => order.push(lba)
        board.write(0, 2, 1)
        await board.run(60)
        const data = [FIRST_VOLUME_LBA, FIRST_VOLUME_LBA + 1]
        assert.deepEqual(order, [...MAP_LBA, ...data])
        board.write(0, 2, 2)
        await board.run(60)
        assert.deepEqual(order.slice(4), data, "it is marked already")
    })
    test("of what is committed while the map is written waits for its mark", async () => {
        const board = await start(Mode.Alone)
        board.v.flags = VolumeFlag.Active
        board.beginMap(board.v, 1)
        board.storage.wakeStorage()
        await board.run(60)
        /** Whether the map on the card has a block: an extent has eight. */
        const isMarked = (lba: number) => {
            const map = ram.sectors.get(MAP_LBA[0]) ?? BLANK
            const byte = Buffer.from(map, "hex")[DM_BITS]
            return (byte & (1 << (lba >> 3))) !== 0
        }
        let wasSecond = false
        ram.beforeWrite = lba => {
            if (lba === MAP_LBA[1] && !wasSecond) {
                wasSecond = true
                // a neighbour of what is being marked
                board.write(8, 8, 2)
            }
            const block = lba - FIRST_VOLUME_LBA
            if (block >= 0) assert(isMarked(block), `block ${block}`)
        }
        board.write(0, 8, 1)
        await board.run(200)
        assert(wasSecond)
        assert.equal(board.v.durable, 2)
    })
    test("waits when what the card says is not true any more", async () => {
        const board = await start(Mode.Mirrored)
        board.write(0, 1, 1)
        board.storage.wakeStorage()
        await board.run(60)
        board.v.isSaved = false
        board.v.committed = 1
        board.storage.wakeStorage()
        await board.run(60)
        assert.equal(board.v.durable, 0)
    })
    test("of neighbours is one command", async () => {
        const board = await start(Mode.Mirrored)
        board.write(0, 2, 1)
        board.write(2, 2, 2)
        board.write(4, 2, 3)
        await board.run(20)
        board.v.committed = 3
        let commands = 0
        let next = -1
        ram.beforeWrite = lba => {
            if (lba < FIRST_VOLUME_LBA) return
            if (lba !== next) commands++
            next = lba + 1
        }
        board.storage.wakeStorage()
        await board.run(60)
        assert.equal(board.v.durable, 3)
        assert.equal(commands, 1)
    })
})

describe("a card that refuses", () => {
    /** Lets so many of its answers be errors, after some good ones. */
    function failing(after: number, times: number) {
        let n = 0
        return () => ++n > after && n <= after + times
    }
    for (const after of [0, 1, 2, 3, 4, 5, 6])
        test(`one step, after ${after}, is tried again`, async () => {
            const board = await start(Mode.Alone)
            ram.fails = failing(after, 1)
            board.write(1, 2, 9)
            await board.run(100)
            assert(!board.storage.cardHasFailed())
            assert.equal(board.v.durable, 1)
            const written = [1, 2].map(i =>
                ram.sectors.get(FIRST_VOLUME_LBA + i),
            )
            assert.deepEqual(written, [blockOf(9), blockOf(9)])
        })
    test("for ever has failed, and what it lacks stays in the log", async () => {
        const board = await start(Mode.Alone)
        ram.fails = () => true
        board.write(1, 2, 9)
        await board.run(100)
        assert(board.storage.cardHasFailed())
        assert.equal(board.v.durable, 0)
        assert.equal(board.pool.own.freeBlocks, board.pool.OWN_BLOCKS - 2)
        const job = board.read(0, 1)
        await board.run(10)
        assert.equal(job?.readState, ReadState.Failed)
    })
})

/** A life of random writes, commits and reads, each read checked. */
async function live(seed: number, steps: number) {
    const random = new Random(seed)
    const board = await start(Mode.Mirrored)
    const { v } = board
    ram.isBusy = () => random.chance(0.3)
    // rare enough that no write fails three times
    ram.fails = () => random.chance(0.002)
    /** by block: the entries that wrote it, oldest first */
    const history = Array.from({ length: BLOCKS }, () => [0])
    const newest = (block: number) =>
        history[block].filter(seq => seq <= v.committed).at(-1) ?? 0
    type Check = { job: ReadJob; since: number[] }
    let checks: Check[] = []
    let reads = 0

    /** What a read has seen was the newest at some time while it lasted. */
    function check({ job, since }: Check) {
        const blocks = board.blocksOf(job)
        if (job.readState === ReadState.Failed) return
        reads++
        assert.equal(job.readState, ReadState.Done)
        blocks.forEach((block, i) => {
            const seen = parseInt(block.slice(0, 8), 16)
            assert.equal(block, blockOf(seen), "blocks are never mixed")
            const of = history[job.lba + i]
            const allowed = of.filter(
                seq => seq >= since[i] && seq <= newest(job.lba + i),
            )
            assert(allowed.includes(seen), `saw ${seen}, not ${allowed}`)
        })
    }

    for (let step = 0; step < steps; step++) {
        const count = random.int(1, 8)
        const lba = random.int(0, BLOCKS - count)
        const dice = random.unit()
        if (dice < 0.35) {
            const seq = board.write(lba, count, v.appended + 1)
            for (let i = 0; seq && i < count; i++) history[lba + i].push(seq)
        } else if (dice < 0.6) {
            v.committed = random.int(v.committed, v.appended)
            board.storage.wakeStorage()
        } else if (dice < 0.8) {
            const job = board.read(lba, count)
            const since = Array.from({ length: count }, (_, i) =>
                newest(lba + i),
            )
            if (job) checks.push({ job, since })
        } else await board.run(random.int(1, 30))
        const isOver = (c: Check) => c.job.readState !== ReadState.Queued
        checks.filter(isOver).forEach(check)
        checks = checks.filter(c => !isOver(c))
    }
    v.committed = v.appended
    board.storage.wakeStorage()
    await board.run(1000)
    checks.forEach(check)
    assert.equal(v.durable, v.appended)
    assert.equal(board.pool.own.freeBlocks, board.pool.OWN_BLOCKS)
    history.forEach((of, block) =>
        assert.equal(
            ram.sectors.get(FIRST_VOLUME_LBA + block) ?? BLANK,
            blockOf(of.at(-1) ?? 0),
            `block ${block} on the card`,
        ),
    )
    return { reads, writes: v.appended }
}

for (let seed = 1; seed <= 8; seed++)
    test(`reads see the newest committed data, seed ${seed}`, async () => {
        const { reads, writes } = await live(seed, 2000)
        assert(reads > 100 && writes > 100, `${reads} reads, ${writes} writes`)
    })
