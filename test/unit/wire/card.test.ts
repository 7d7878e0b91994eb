/** What a PC must find on a card. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { bytes, useDeviceScript, zeros } from "../../support/devicescript.ts"

useDeviceScript()
const c = await import("../../../src/wire/card.ts")

describe("the master boot record", () => {
    const b = bytes("ee".repeat(512))
    // volumes of 32 MiB
    c.putMbr(b, 0x11223344, 0x10000)
    const hexOf = (at: number, size: number) =>
        b.slice(at, at + size).toString("hex")

    test("has no boot code", () =>
        assert.equal(hexOf(0, 440), "00".repeat(440)))
    test("has the pair's number as disk signature", () =>
        assert.equal(hexOf(440, 6), "44332211" + "0000"))

    // status, CHS "use the LBA", type, the same, first sector, sectors
    const entries = [
        "00 feffff 83 feffff 00080000 00000100", // from 1 MiB
        "00 feffff 83 feffff 00080100 00000100", // from 33 MiB
        "00 feffff da feffff 40000000 c0070000", // sectors 64 to 2047
        "00 000000 00 000000 00000000 00000000",
    ]
    entries.forEach((entry, i) =>
        test(`has partition ${i + 1}`, () =>
            assert.equal(hexOf(446 + 16 * i, 16), entry.replace(/ /g, ""))),
    )
    test("ends in its magic number", () => assert.equal(hexOf(510, 2), "55aa"))
})

describe("the superblock", () => {
    test("begins with magic and version, and zeros", () => {
        const b = bytes("ee".repeat(512))
        c.putSuperblockHead(b)
        assert.equal(
            b.toString("hex"),
            // "TWINSTOR", 1
            "5457494e53544f52" + "01000000" + "00".repeat(500),
        )
    })
    test("has its copies in the partition that is not a file system", () => {
        for (const lba of c.SUPERBLOCK_LBA) {
            assert(lba >= 64)
            assert(lba < c.FIRST_VOLUME_LBA)
        }
        const [first, second] = c.SUPERBLOCK_LBA
        // a write that fails may spoil its neighbours
        assert.equal(second - first, 1024)
    })
    test("has room for each of its fields", () => {
        assert.equal(c.SB_VERSION, 8)
        assert.equal(c.SB_GENERATION, 12)
        assert.equal(c.SB_PAIR, 16)
        assert.equal(c.SB_INDEX, 20)
        assert(c.SB_VOLUMES + 2 * c.SB_VOLUME_SIZE <= c.SB_PARTNER)
        assert(c.SB_PARTNER + 96 <= c.SB_DIGEST)
        assert.equal(c.SB_DIGEST + 32, c.SECTOR)
    })
})

describe("a sector is blank", () => {
    for (const fill of [0x00, 0xff])
        test(`when all of it is ${fill}`, () => {
            const b = zeros(512)
            b.fillAt(0, 512, fill)
            assert(c.isBlank(b))
        })
    for (const at of [0, 1, 255, 510, 511])
        test(`but not when byte ${at} differs`, () => {
            for (const fill of [0x00, 0xff]) {
                const b = zeros(512)
                b.fillAt(0, 512, fill)
                b[at] = fill ^ 0x01
                assert(!c.isBlank(b))
            }
        })
    test("but not when it is full of something else", () => {
        const b = zeros(512)
        b.fillAt(0, 512, 0x5a)
        assert(!c.isBlank(b))
    })
})
