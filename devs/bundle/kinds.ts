/**
 * Kinds of boards, and where in their flash DeviceScript's firmware looks for
 * what (DeviceScript's own lists of boards, 2.16).
 */
import path from "node:path"
import { ROOT } from "../vm/program.ts"

export interface Kind {
    /** of our board definition, `boards/ID.board.json` */
    board: string
    about: string
    /** UF2 for the Pico's boot loader, or a plain image of the flash */
    format: "uf2" | "bin"
    /** where the board's configuration goes: pins by name */
    configAt: number
    /** where program and settings go, and how much room there is */
    storageAt: number
    storageSize: number
    /** DeviceScript's firmware for such a board, where it is published */
    firmware: string
    /** what DeviceScript must know of the processor to check a board's pins */
    arch: { id: string; name: string; pins: Record<string, string> }
}

const RELEASES = "https://github.com/microsoft"
const LATEST = "releases/latest/download"

export const KINDS: Record<string, Kind> = {
    pico: {
        board: "twinstore_pico",
        about: "Raspberry Pi Pico",
        format: "uf2",
        configAt: 0x100dc000,
        storageAt: 0x100e0000,
        storageSize: 32 * 4096,
        firmware: `${RELEASES}/devicescript-pico/${LATEST}/devicescript-rp2040-pico.uf2`,
        arch: {
            id: "rp2040",
            name: "RP2040",
            pins: { analogIn: "26-29", io: "0-29" },
        },
    },
    esp32s3: {
        board: "twinstore_esp32s3",
        about: "ESP32-S3 DevKitC or DevKitM",
        format: "bin",
        configAt: 0x9000,
        storageAt: 0x1c0000,
        storageSize: 64 * 4096,
        firmware: `${RELEASES}/devicescript-esp32/${LATEST}/devicescript-esp32s3-esp32s3_bare-0x0.bin`,
        arch: {
            id: "esp32s3",
            name: "ESP32-S3",
            pins: {
                analogIn: "1-10",
                analogOut: "17,18",
                io: "0-18,21,33-48",
            },
        },
    },
}

export function boardFile({ board }: Kind): string {
    return path.join(ROOT, "boards", `${board}.board.json`)
}
