/** The whole story, as the README tells it. */
import assert from "node:assert/strict"
import { closeSync, openSync, readFileSync, readSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { targetName } from "../../devs/bench/pair.ts"
import { ask, untilState } from "../support/control.ts"
import { checkExt4, makeExt4 } from "../support/ext4.ts"
import { PORTALS, url, VOLUME_BYTES } from "../support/live.ts"
import { QemuIo } from "../support/qemuio.ts"
import { StartTool } from "../support/starttool.ts"
import { needs, run, temporaryFolder } from "../support/tools.ts"

/** Where a card's first partition begins: volume a. */
const VOLUME_A = 1 << 20
/** In the file system's free space: what is written on, and how. */
const FREE = 28 << 20
const BYTES = 4096
const WRITES = 200
const KILL_AT = 60

const options = {
    ...needs("iscsi-ls", "qemu-img", "qemu-io", "mkfs.ext4", "e2fsck"),
    timeout: 120_000,
}

function partition(card: string): Buffer {
    const data = Buffer.alloc(VOLUME_BYTES)
    const fd = openSync(card, "r")
    readSync(fd, data, 0, VOLUME_BYTES, VOLUME_A)
    closeSync(fd)
    return data
}

test("a board dies in mid-write, and its disk goes on", options, async t => {
    const dir = temporaryFolder(t)
    const image = await makeExt4(t, 5)
    const expected = readFileSync(image)
    const tool = await StartTool.ready(t, dir)
    // the card is new: only what is not zero has to be written
    const toBlank = ["-n", "--target-is-zero", "-f", "raw", "-O", "raw"]
    await run(t, "qemu-img", ["convert", ...toBlank, image, url("a")])

    const disk = await QemuIo.open(t, url("a"))
    const value = (k: number) => (k % 255) + 1
    for (let k = 0; k < WRITES; k++) {
        const killed =
            k === KILL_AT && ask("POST", "/boards/a/power", { on: false })
        await disk.write(FREE + k * BYTES, BYTES, value(k))
        expected.fill(value(k), FREE + k * BYTES, FREE + (k + 1) * BYTES)
        if (killed) assert.equal((await killed).status, 200)
    }
    for (let k = 0; k < WRITES; k++)
        await disk.expect(FREE + k * BYTES, BYTES, value(k))
    await disk.flush()
    await disk.quit()

    const { boards } = await untilState(s => s.boards.b.serves.length === 2)
    assert.equal(boards.a.power, false)
    assert.deepEqual(boards.b.volumes, { a: "alone", b: "alone" })
    const { ip, port } = PORTALS.a
    const portal = `iscsi://${ip}:${port}`
    const found = await run(t, "iscsi-ls", ["-s", portal])
    assert.match(found, new RegExp(`^Target:${targetName("a")} `))

    assert.equal((await tool.stop("SIGTERM")).code, 0)
    const card = path.join(dir, "card-b.img")
    assert.ok(partition(card).equals(expected))
    await checkExt4(t, card, VOLUME_A)
})
