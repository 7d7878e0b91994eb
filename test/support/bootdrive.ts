/** A folder that plays the drive of a board that waits for an image. */
import { mkdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs"
import path from "node:path"
import type { TestContext } from "node:test"

export const PICO = "RPI-RP2"
/** In a UF2 block: its number, and how many there are. */
const NUMBER = 20
const BLOCK = 512

/** Makes a drive. @param id what its INFO_UF2.TXT says the board is */
export function makeDrive(dir: string, id = PICO): string {
    mkdirSync(dir, { recursive: true })
    const info =
        "UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\n" +
        `Board-ID: ${id}\r\n`
    writeFileSync(path.join(dir, "INFO_UF2.TXT"), info)
    return dir
}

/**
 * As a board does, the drive goes when its last block is there.
 * @returns resolves to the image that it got
 */
export function takesImage(t: TestContext, dir: string): Promise<Buffer> {
    return new Promise(resolve => {
        const watcher = watch(dir, (_, name) => {
            const file = path.join(dir, String(name))
            if (!file.endsWith(".uf2")) return
            const image = readFileSync(file)
            if (!isWhole(image)) return
            watcher.close()
            rmSync(dir, { recursive: true })
            resolve(image)
        })
        t.after(() => watcher.close())
    })
}

function isWhole(image: Buffer): boolean {
    if (image.length < BLOCK) return false
    return image.length === image.readUInt32LE(NUMBER + 4) * BLOCK
}
