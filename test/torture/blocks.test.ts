/** Blocks that tell what they are. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { blocksOf, isBlankAt, ownerAt } from "../../devs/torture/blocks.ts"

const LBA = 10

test("each byte belongs to the block that it is in, also at the seams", () => {
    const data = blocksOf(1, LBA, [7, 8, 9])
    for (let at = 0; at < data.length; at++)
        assert.deepEqual(
            ownerAt(data, at),
            { volume: 1, lba: LBA + (at >> 9) },
            `byte ${at}`,
        )
})

test("a word that is cut off at either end belongs to what is beside it", () => {
    const data = blocksOf(0, LBA, [7]).subarray(5, 507)
    for (const at of [0, 10, 491, data.length - 1])
        assert.equal(ownerAt(data, at)?.lba, LBA, `byte ${at}`)
})

test("what is no block belongs to none", () =>
    assert.equal(ownerAt(Buffer.alloc(200, 3), 100), undefined))

test("zeros of blank blocks are known from those of headers and blocks", () => {
    const header = Buffer.from("0500000000000000000000000f000001", "hex")
    const written = blocksOf(0, LBA, [7])
    const blank = Buffer.alloc(512)
    const data = Buffer.concat([header, written, blank, header, blank])
    for (let at = 0; at < data.length; at++) {
        const isBlank = (at >= 528 && at < 1040) || at >= 1056
        assert.equal(isBlankAt(data, at), isBlank, `byte ${at}`)
    }
})

test("a few zeros where data begin or end may be a blank block's", () => {
    const cut = Buffer.from("0000054500", "hex")
    assert.deepEqual(
        [...cut.keys()].filter(at => isBlankAt(cut, at)),
        [0, 1, 4],
    )
})
