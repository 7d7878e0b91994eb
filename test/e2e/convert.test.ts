/** A whole file system onto a volume of a live pair, and back. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { checkExt4, makeExt4 } from "../support/ext4.ts"
import { livePair, url } from "../support/live.ts"
import { needs, run, temporaryFolder } from "../support/tools.ts"

const options = {
    ...needs("qemu-img", "mkfs.ext4", "e2fsck"),
    timeout: 300_000,
}

test("an ext4 of 32 MiB comes back as it was", options, async t => {
    const image = await makeExt4(t, 60)
    await checkExt4(t, image)
    await livePair(t)
    const raw = ["-f", "raw", "-O", "raw"]
    const convert = async (what: string, ...args: string[]) => {
        const start = performance.now()
        await run(t, "qemu-img", ["convert", ...raw, ...args])
        const seconds = (performance.now() - start) / 1000
        t.diagnostic(`${what}: ${seconds.toFixed(1)} s`)
    }
    // a target cannot be made, only written: -n
    await convert("in", "-n", image, url("a"))
    const back = path.join(temporaryFolder(t), "back.img")
    await convert("out", url("a"), back)
    await run(t, "qemu-img", ["compare", image, back])
    assert.ok(readFileSync(back).equals(readFileSync(image)))
    await checkExt4(t, back)
})
