/** Other people's tools with a live pair. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { BOARD_NAMES, targetName } from "../../devs/bench/pair.ts"
import { livePair, PORTALS, url, VOLUME_BYTES } from "../support/live.ts"
import { QemuIo } from "../support/qemuio.ts"
import { needs, run } from "../support/tools.ts"

const timeout = 60_000

test(
    "iscsi-ls shows target and LUN at both portals",
    { ...needs("iscsi-ls"), timeout },
    async t => {
        await livePair(t)
        for (const name of BOARD_NAMES) {
            const { ip, port } = PORTALS[name]
            const args = ["-s", `iscsi://${ip}:${port}`]
            const lines = (await run(t, "iscsi-ls", args)).trim().split("\n")
            assert.equal(
                lines[0],
                `Target:${targetName(name)} Portal:${ip}:${port},1`,
            )
            // iscsi-ls counts from the last block, which it takes for the size
            assert.match(lines[1], /^Lun:0 +Type:DIRECT_ACCESS \(Size:31M\)$/)
            assert.equal(lines.length, 2)
        }
    },
)

test(
    "qemu-img knows the disks' size",
    { ...needs("qemu-img"), timeout },
    async t => {
        await livePair(t)
        for (const name of BOARD_NAMES) {
            const args = ["info", "--output=json", "-f", "raw", url(name)]
            const info = JSON.parse(await run(t, "qemu-img", args))
            assert.equal(info["virtual-size"], VOLUME_BYTES)
        }
    },
)

test(
    "qemu-io reads back what it wrote, to the last block, on both disks",
    { ...needs("qemu-io"), timeout },
    async t => {
        await livePair(t)
        const disks = await Promise.all(
            BOARD_NAMES.map(name => QemuIo.open(t, url(name))),
        )
        const [a, b] = disks
        // offset, bytes: single blocks, odd places, more than any PDU takes
        const places = [
            [0, 512],
            [512 * 3, 512 * 5],
            [1 << 20, 4096],
            [(2 << 20) + 512, 300 * 512],
            [VOLUME_BYTES - 65536, 65536],
        ]
        for (const [k, [offset, bytes]] of places.entries()) {
            await a.write(offset, bytes, k + 1)
            await b.writeThrough(offset, bytes, k + 101)
        }
        await a.flush()
        for (const [k, [offset, bytes]] of places.entries()) {
            await a.expect(offset, bytes, k + 1)
            await b.expect(offset, bytes, k + 101)
        }
        // what lies between was never written
        await a.expect(1024, 512, 0)
        await a.expect(VOLUME_BYTES / 2, 65536, 0)
        for (const disk of disks) await disk.quit()
    },
)
