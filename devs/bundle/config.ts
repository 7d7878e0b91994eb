/** A board's configuration, as DeviceScript's firmware reads it (DCFG). */
import { spawnSync } from "node:child_process"
import {
    copyFileSync,
    mkdtempSync,
    readFileSync,
    rmSync,
    writeFileSync,
} from "node:fs"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import path from "node:path"
import { boardFile, type Kind } from "./kinds.ts"

/** @throws with the compiler's words when the board's pins are wrong */
export function makeConfig(kind: Kind): Uint8Array {
    const require = createRequire(import.meta.url)
    const manifest = require.resolve("@devicescript/cli/package.json")
    const cli = path.join(path.dirname(manifest), "devicescript")
    const dir = mkdtempSync(path.join(tmpdir(), "twinstore-"))
    try {
        const board = path.join(dir, path.basename(boardFile(kind)))
        copyFileSync(boardFile(kind), board)
        const { configAt, storageAt, arch } = kind
        const offsets = { dcfgOffset: configAt, fstorOffset: storageAt }
        writeFileSync(
            path.join(dir, "arch.json"),
            JSON.stringify({ ...arch, ...offsets }),
        )
        const made = path.join(dir, "config")
        const args = [cli, "--no-colors", "dcfg", "-o", made, board]
        const run = spawnSync(process.execPath, args, { encoding: "utf8" })
        if (run.status !== 0)
            throw new Error(`${kind.board}: ${run.stdout}${run.stderr}`)
        return readFileSync(made)
    } finally {
        rmSync(dir, { recursive: true })
    }
}
