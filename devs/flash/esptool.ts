/** An ESP32-S3 takes its image over a serial port, from Espressif's esptool. */
import { spawn } from "node:child_process"
import { accessSync, constants } from "node:fs"
import path from "node:path"

/** USB vendors of what ESP32-S3 boards have at their sockets. */
const VENDORS: Record<string, string> = {
    "303a": "Espressif",
    "10c4": "Silicon Labs CP210x",
    "1a86": "WCH CH34x",
    "0403": "FTDI",
}
/** Its names: of version 5, and of those before it. */
const PROGRAMS = ["esptool", "esptool.py"]

/** What the `serialport` package tells of a port. */
export interface PortInfo {
    path: string
    vendorId?: string
}

/**
 * @returns the one port that may be of an ESP32-S3
 * @throws with what to do next
 */
export function choosePort(ports: PortInfo[]): string {
    const found = ports.flatMap(({ path, vendorId = "" }) => {
        const vendor = VENDORS[vendorId.toLowerCase()]
        return vendor ? [{ path, vendor }] : []
    })
    if (found.length === 1) return found[0].path
    if (found.length)
        throw new Error(
            `several ports may be the board's: ` +
                found.map(p => `${p.path} (${p.vendor})`).join(", ") +
                `. Name one with --port`,
        )
    const others = ports.filter(p => p.vendorId).map(p => p.path)
    throw new Error(
        `no serial port of an ESP32-S3 is there: plug the board in with a ` +
            `cable that has data lines, or name its port with --port` +
            (others.length ? ` (there are ${others.join(", ")})` : ""),
    )
}

/** @throws with what to do next, when the port cannot be used */
export function checkPort(port: string) {
    try {
        accessSync(port, constants.R_OK | constants.W_OK)
    } catch (e) {
        // COM3 is no file
        if (process.platform === "win32") return
        throw new Error(
            (e as NodeJS.ErrnoException).code === "ENOENT"
                ? `${port} is not there: plug the board in, or name another port`
                : `${port} is not yours to use: add yourself to the group ` +
                      `that has it (dialout on Debian), and log in again`,
        )
    }
}

/** @throws with how to get it */
export function findEsptool(): string {
    const found = PROGRAMS.find(isOnPath)
    if (found) return found
    throw new Error(
        "esptool is not there: `pipx install esptool`, or Debian's package " +
            "esptool, brings it. Then flash again",
    )
}

function isOnPath(program: string): boolean {
    const endings =
        process.platform === "win32"
            ? (process.env.PATHEXT ?? ".EXE").split(";")
            : [""]
    const dirs = (process.env.PATH ?? "").split(path.delimiter)
    return dirs.some(dir =>
        endings.some(ending => {
            try {
                accessSync(path.join(dir, program + ending), constants.X_OK)
                return true
            } catch {
                return false
            }
        }),
    )
}

/** Runs esptool, which shows its own progress. @throws with what to do next */
export async function writeFlash(
    esptool: string,
    port: string,
    file: string,
): Promise<void> {
    const args = ["--chip", "esp32s3", "--port", port]
    // the older of its two spellings: all versions know it
    const child = spawn(esptool, [...args, "write_flash", "0x0", file], {
        stdio: "inherit",
    })
    const status = await new Promise<number | null>((resolve, reject) => {
        child.on("error", reject)
        child.on("exit", resolve)
    })
    if (status === 0) return
    throw new Error(
        `${esptool} has ended with ${status}; its own words are above. Hold ` +
            `the board's BOOT button, press RESET, let BOOT go, and flash ` +
            `again; if another port is the board's, name it with --port`,
    )
}
