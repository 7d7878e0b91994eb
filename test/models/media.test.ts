/** What a simulated card keeps its sectors in. */
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import { after, test } from "node:test"
import {
    FileMedia,
    MemoryMedia,
    type Media,
} from "../../devs/bench/sdcard/media.ts"
import { sector } from "./support/sdcard.ts"

const dir = mkdtempSync(path.join(tmpdir(), "twinstore-media-"))
after(() => rmSync(dir, { recursive: true }))

const SECTORS = 4 * 1024 * 1024 * 2

function fileMedia(name: string, sectors = SECTORS) {
    return new FileMedia(path.join(dir, name), sectors)
}

for (const [name, make] of [
    ["memory", () => new MemoryMedia(SECTORS)],
    ["a file", () => fileMedia("both.img")],
] as [string, () => Media][])
    test(`${name} reads zeros, and then what was written`, () => {
        const media = make()
        for (const lba of [0, 1, 77, SECTORS - 1]) {
            assert.deepEqual(Buffer.from(media.read(lba)), Buffer.alloc(512))
            const data = sector(lba)
            media.write(lba, data)
            data.fill(0)
            const is = media.read(lba)
            assert.deepEqual(Buffer.from(is), sector(lba))
            is.fill(1)
            assert.deepEqual(Buffer.from(media.read(lba)), sector(lba))
        }
        assert.deepEqual(Buffer.from(media.read(2)), Buffer.alloc(512))
    })

test("an image is as large as its card, and takes hardly any room", () => {
    const media = fileMedia("sparse.img")
    media.write(SECTORS - 1, sector(1))
    media.close()
    const { size, blocks } = statSync(path.join(dir, "sparse.img"))
    assert.equal(size, 4 * 2 ** 30)
    assert.ok(blocks * 512 < 1 << 20, `${blocks * 512} B on the disk`)
})

test("an image that exists keeps its data and its size", () => {
    const first = fileMedia("again.img", 1000)
    first.write(5, sector(5))
    first.close()
    const second = fileMedia("again.img", 2000)
    assert.equal(second.sectors, 1000)
    assert.deepEqual(Buffer.from(second.read(5)), sector(5))
    second.close()
})

test("memory tells which sectors were ever written", () => {
    const media = new MemoryMedia(100)
    for (const lba of [9, 3, 9]) media.write(lba, sector(lba))
    assert.deepEqual(media.written(), [3, 9])
})
