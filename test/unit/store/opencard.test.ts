/** A card at boot: ours, blank, or somebody else's. */
import assert from "node:assert/strict"
import { beforeEach, describe, test } from "node:test"
import { newBoard, useDeviceScript, zeros } from "../../support/devicescript.ts"

useDeviceScript({
    "drivers/sdcard": new URL("../../support/ramcard.ts", import.meta.url).href,
})
const { makeCard, newCard, ram } = await import("../../support/ramcard.ts")
const { makeVolume } = await import("../../../src/store/volume.ts")
const { putMbr, VolumeFlag } = await import("../../../src/wire/card.ts")

const PAIR = 77
const BLOCKS = 4096
/** Just large enough. */
const SECTORS = 2048 + 2 * BLOCKS
const SUPERBLOCKS = [1152, 128]

/** Boots a board with the card as it is. @returns what it makes of it */
async function open({ pair = PAIR, index = 0, sectors = SECTORS } = {}) {
    const tag = newBoard()
    const load = (module: string) =>
        import(`../../../src/store/${module}${tag}`)
    const {
        CardState,
        openCard,
    }: typeof import("../../../src/store/opencard.ts") =
        await load("opencard.ts")
    const s: typeof import("../../../src/store/superblock.ts") =
        await load("superblock.ts")
    const volumes = [makeVolume(0), makeVolume(1)]
    const card = makeCard({ setMode() {} })
    card.sectors = sectors
    s.initSuperblock(volumes, pair, index)
    const state = await openCard(card, volumes, pair, BLOCKS)
    return { state: CardState[state], volumes, s }
}

const stateOf = async (...board: Parameters<typeof open>) =>
    (await open(...board)).state

/** Sectors that were written since. */
const written = () => [...ram.sectors.keys()].sort((x, y) => x - y)

beforeEach(newCard)

describe("a blank card", () => {
    test("is formatted: superblocks first, the partition table last", async () => {
        const order: number[] = []
        ram.beforeWrite = lba => order.push(lba)
        assert.equal(await stateOf(), "Formatted")
        assert.deepEqual(order, [...SUPERBLOCKS, 0])
        const mbr = zeros(512)
        putMbr(mbr, PAIR, BLOCKS)
        assert.equal(ram.sectors.get(0), mbr.toString("hex"))
    })
    test("may be full of ones", async () => {
        for (let lba = 0; lba < 2048; lba++)
            ram.sectors.set(lba, "ff".repeat(512))
        assert.equal(await stateOf(), "Formatted")
    })
    test("is ours from then on", async () => {
        await open()
        const before = [...ram.sectors]
        const { state, volumes } = await open()
        assert.equal(state, "Ours")
        assert.deepEqual([...ram.sectors], before)
        assert.deepEqual(
            volumes.map(v => [v.firstLba, v.blocks, v.epoch, v.flags]),
            [
                [2048, BLOCKS, 1, VolumeFlag.Fresh],
                [2048 + BLOCKS, BLOCKS, 1, VolumeFlag.Fresh],
            ],
        )
        assert(volumes.every(v => v.isSaved))
    })
    test("that is too small is left alone", async () => {
        assert.equal(await stateOf({ sectors: SECTORS - 1 }), "TooSmall")
        assert.deepEqual(written(), [])
    })
    test("is formatted anew when its format was cut off", async () => {
        for (const last of [...SUPERBLOCKS, 0]) {
            newCard()
            ram.beforeWrite = lba => {
                if (lba === last) throw new Error("power cut")
            }
            await assert.rejects(open(), /power cut/)
            const left = [...ram.sectors]
            newCard()
            for (const [lba, data] of left) ram.sectors.set(lba, data)
            assert.equal(await stateOf(), "Formatted", `before ${last}`)
            assert.equal(await stateOf(), "Ours")
        }
    })
    test("is ours when a write of its format was torn", async () => {
        await open()
        const whole = new Map(ram.sectors)
        for (const [n, torn] of [...SUPERBLOCKS, 0].entries())
            for (const bytes of [1, 300, 470, 511]) {
                newCard()
                for (const lba of SUPERBLOCKS.slice(0, n))
                    ram.sectors.set(lba, whole.get(lba) ?? "")
                const begun = (whole.get(torn) ?? "").slice(0, 2 * bytes)
                ram.sectors.set(torn, begun.padEnd(1024, "0"))
                const what = `${bytes} bytes of ${torn}`
                assert.equal(await stateOf(), "Formatted", what)
                assert.equal(await stateOf(), "Ours", what)
                assert.equal(ram.sectors.get(0), whole.get(0), what)
            }
    })
    test("keeps its epochs when its partition table is lost", async () => {
        await open()
        const superblocks = SUPERBLOCKS.map(lba => ram.sectors.get(lba))
        ram.sectors.delete(0)
        await open()
        assert.deepEqual(
            SUPERBLOCKS.map(lba => ram.sectors.get(lba)),
            superblocks,
        )
    })
    test("that fails is not taken for ours", async () => {
        ram.fails = () => true
        assert.equal(await stateOf(), "Failed")
    })
})

describe("a card of ours", () => {
    for (const lba of SUPERBLOCKS)
        test(`may have lost its superblock at ${lba}`, async () => {
            await open()
            ram.sectors.set(lba, "5a".repeat(512))
            assert.equal(await stateOf(), "Ours")
            // and has it again: the other one may be lost next
            assert.match(ram.sectors.get(lba) ?? "", /^5457494e53544f52/)
            const other = SUPERBLOCKS[1 - SUPERBLOCKS.indexOf(lba)]
            ram.sectors.set(other, "00".repeat(512))
            assert.equal(await stateOf(), "Ours")
        })
    for (const lba of SUPERBLOCKS)
        test(`may have one that cannot be read, at ${lba}`, async () => {
            await open()
            ram.failsAt = lba
            assert.equal(await stateOf(), "Ours")
            ram.failsAt = SUPERBLOCKS[1 - SUPERBLOCKS.indexOf(lba)]
            assert.equal(await stateOf(), "Ours")
        })
    test("is not formatted when its partition table is lost", async () => {
        const { s, volumes } = await open()
        const mbr = ram.sectors.get(0)
        volumes[0].epoch = 7
        ram.sectors.set(1152, s.superblockSector().toString("hex"))
        s.saved()
        ram.sectors.set(0, "00".repeat(512))
        const after = await open()
        assert.equal(after.state, "Ours")
        assert.equal(after.volumes[0].epoch, 7)
        assert.equal(ram.sectors.get(0), mbr)
    })
})

describe("a card is refused, and not written to", () => {
    const data = (byte: string) => "00".repeat(511) + byte
    for (const [what, lba] of [
        ["a partition table, or a FAT file system", 0],
        ["LVM", 1],
        ["ext4", 2],
        ["swap", 7],
        ["RAID", 8],
        ["the end of a GPT", 33],
        ["data in sector 63", 63],
        ["btrfs", 128],
        ["data where the other superblock goes", 1152],
    ] as const)
        for (const byte of ["01", "ff"])
            test(`with ${what}: ${byte}`, async () => {
                ram.sectors.set(lba, data(byte))
                assert.equal(await stateOf(), "Foreign")
                assert.deepEqual(written(), [lba])
                assert.equal(ram.sectors.get(lba), data(byte))
            })
    for (const [what, board] of [
        ["of another pair", { pair: PAIR + 1 }],
        ["of the partner", { index: 1 }],
    ] as const)
        test(what, async () => {
            await open()
            const before = [...ram.sectors]
            assert.equal(await stateOf(board), "Foreign")
            assert.deepEqual([...ram.sectors], before)
        })
})
