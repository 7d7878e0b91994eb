/**
 * The drive that a Pico is while it waits for an image: plugged in with its
 * BOOTSEL button held. Its file INFO_UF2.TXT says what board it is.
 */
import { readdirSync, readFileSync } from "node:fs"
import path from "node:path"

/** A Raspberry Pi Pico's, by its boot loader in ROM. */
const BOARD_ID = "RPI-RP2"
const INFO = "INFO_UF2.TXT"

/** Where systems mount drives, and how deep below it a drive is. */
export interface Place {
    dir: string
    depth: number
}

const PLACES: Place[] = [
    { dir: "/media", depth: 2 },
    { dir: "/run/media", depth: 2 },
    { dir: "/Volumes", depth: 1 },
    // Windows has letters
    ...[..."DEFGHIJKLMNOPQRSTUVWXYZ"].map(c => ({ dir: `${c}:\\`, depth: 0 })),
]

const HOW =
    "hold the board's BOOTSEL button while you plug its USB cable in, and let go"

/** @returns what a drive says it is, or undefined: it is no boot drive */
export function boardIdOf(drive: string): string | undefined {
    try {
        const info = readFileSync(path.join(drive, INFO), "utf8")
        return /^Board-ID:\s*(.*?)\s*$/m.exec(info)?.[1] ?? "unknown"
    } catch {
        return undefined
    }
}

/**
 * @param named a drive that the user has named
 * @returns the drive of a Pico that waits for an image
 * @throws with what to do next
 */
export function findBootDrive(named?: string, places = PLACES): string {
    const drives = (named ? [named] : places.flatMap(drivesIn)).flatMap(
        drive => {
            const id = boardIdOf(drive)
            return id === undefined ? [] : [{ drive, id }]
        },
    )
    const ours = drives.filter(({ id }) => id === BOARD_ID)
    if (ours.length > 1)
        throw new Error(
            `several boards wait for an image: ` +
                `${ours.map(d => d.drive).join(", ")}. ` +
                `Name the drive of one with --drive, or unplug the others`,
        )
    if (ours.length) return ours[0].drive
    if (drives.length)
        throw new Error(
            drives.map(d => `${d.drive} is of a board "${d.id}"`).join(", ") +
                `, and not of a Raspberry Pi Pico ("${BOARD_ID}"): ` +
                `plug a Pico in, with its BOOTSEL button held`,
        )
    if (named)
        throw new Error(
            `${named} is no drive of a board that waits for an image: ` +
                `it has no ${INFO}. ${HOW[0].toUpperCase()}${HOW.slice(1)}; ` +
                `then name the drive that appears`,
        )
    throw new Error(
        `no board waits for an image: ${HOW}. A drive ${BOARD_ID} appears. ` +
            `If your system does not mount it by itself, mount it, ` +
            `and name the folder with --drive`,
    )
}

/** Folders that may be drives. Those that cannot be read are not ours. */
function drivesIn({ dir, depth }: Place): string[] {
    if (depth === 0) return [dir]
    try {
        return readdirSync(dir).flatMap(name => [
            ...drivesIn({ dir: path.join(dir, name), depth: 0 }),
            ...(depth > 1
                ? drivesIn({ dir: path.join(dir, name), depth: depth - 1 })
                : []),
        ])
    } catch {
        return []
    }
}
