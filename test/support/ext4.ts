/** File systems to fill a volume with. */
import { mkdirSync, writeFileSync } from "node:fs"
import path from "node:path"
import type { TestContext } from "node:test"
import { Random } from "../../devs/sim/random.ts"
import { VOLUME_MIB } from "./live.ts"
import { run, temporaryFolder } from "./tools.ts"

const MAX_FILE_BYTES = 400_000
const UUID = "7715a5b1-0000-4000-8000-000000000001"

/**
 * Makes an ext4 of a volume's size, with files of any size in folders.
 * @param files of 200 kB on the average
 * @returns the image's path
 */
export async function makeExt4(t: TestContext, files: number): Promise<string> {
    const random = new Random(files)
    const dir = temporaryFolder(t)
    const root = path.join(dir, "root")
    for (let n = 0; n < files; n++) {
        const folder = path.join(root, `folder${n % 7}`)
        mkdirSync(folder, { recursive: true })
        const data = random.bytes(random.int(0, MAX_FILE_BYTES))
        writeFileSync(path.join(folder, `file${n}`), data)
    }
    const image = path.join(dir, "ext4.img")
    const same = ["-U", UUID, "-E", `hash_seed=${UUID}`]
    const args = ["-q", "-F", ...same, "-d", root, image, `${VOLUME_MIB}M`]
    await run(t, "mkfs.ext4", args)
    return image
}

/**
 * Expects a file system without a fault.
 * @param offset where it begins in the image
 */
export async function checkExt4(t: TestContext, image: string, offset = 0) {
    await run(t, "e2fsck", ["-f", "-n", `${image}?offset=${offset}`])
}
