/** The whole story, as the README tells it. */
import assert from "node:assert/strict"
import { closeSync, openSync, readFileSync, readSync } from "node:fs"
import path from "node:path"
import { test, type TestContext } from "node:test"
import { BOARD_NAMES, targetName } from "../../devs/bench/pair.ts"
import { ask, untilState } from "../support/control.ts"
import { checkExt4, makeExt4 } from "../support/ext4.ts"
import { PORTALS, url, VOLUME_BYTES } from "../support/live.ts"
import { QemuIo } from "../support/qemuio.ts"
import { StartTool } from "../support/starttool.ts"
import { needs, run, temporaryFolder } from "../support/tools.ts"

/** In the file system's free space: what is written on, and how. */
const FREE = 28 << 20
const BYTES = 4096
const WRITES = 200
const KILL_AT = 60

const options = {
    ...needs(
        "iscsi-ls",
        "qemu-img",
        "qemu-io",
        "mkfs.ext4",
        "e2fsck",
        "sfdisk",
    ),
    timeout: 120_000,
}

/** Where a card's volumes begin, as a PC sees them: a's, and b's. */
async function volumesOf(t: TestContext, card: string): Promise<number[]> {
    const { partitiontable } = JSON.parse(
        await run(t, "sfdisk", ["--json", card]),
    ) as {
        partitiontable: {
            partitions: { type: string; start: number; size: number }[]
        }
    }
    // "Linux"; what is our own has another
    const volumes = partitiontable.partitions.filter(p => p.type === "83")
    return volumes.map(({ start, size }) => {
        assert.equal(size * 512, VOLUME_BYTES)
        return start * 512
    })
}

function readPartition(card: string, offset: number): Buffer {
    const data = Buffer.alloc(VOLUME_BYTES)
    const fd = openSync(card, "r")
    readSync(fd, data, 0, VOLUME_BYTES, offset)
    closeSync(fd)
    return data
}

test(
    "a board dies in mid-write, its disk goes on, and it comes back",
    options,
    async t => {
        const dir = temporaryFolder(t)
        const image = await makeExt4(t, 5)
        const expected = readFileSync(image)
        const unchanged = readFileSync(image)
        const tool = await StartTool.ready(t, dir)
        // the cards are new: only what is not zero has to be written
        const toBlank = ["-n", "--target-is-zero", "-f", "raw", "-O", "raw"]
        for (const board of BOARD_NAMES)
            await run(t, "qemu-img", ["convert", ...toBlank, image, url(board)])

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

        await ask("POST", "/boards/a/power", { on: true })
        await untilState(({ boards }) =>
            BOARD_NAMES.every(
                name =>
                    boards[name].serves.join() === name &&
                    boards[name].volumes[name] === "mirrored",
            ),
        )
        assert.equal((await tool.stop("SIGTERM")).code, 0)

        for (const board of BOARD_NAMES) {
            const card = path.join(dir, `card-${board}.img`)
            const [a, b, ...others] = await volumesOf(t, card)
            assert.deepEqual(others, [])
            assert.ok(readPartition(card, a).equals(expected), `a on ${board}`)
            assert.ok(readPartition(card, b).equals(unchanged), `b on ${board}`)
            for (const offset of [a, b]) await checkExt4(t, card, offset)
        }
    },
)
