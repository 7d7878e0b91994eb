/** All that a board needs in one image: firmware, board, program and settings. */
import path from "node:path"
import {
    buildPatched,
    buildProgram,
    FIRMWARE,
    type Program,
} from "../vm/program.ts"
import { putInto } from "./bin.ts"
import { makeConfig } from "./config.ts"
import type { Kind } from "./kinds.ts"
import { makeStorage } from "./storage.ts"
import { Uf2 } from "./uf2.ts"

/** The board that `src/board/pico.ts` takes its pins from. */
const OWN_BOARD = "twinstore_pico"

/** What the copy of the sources is called that is compiled for another board. */
export function slugOf(board: string, entry = FIRMWARE): string {
    return `${board}-${path.basename(entry, ".ts")}`
}

/** The firmware's program, or another, for a kind of board. */
export function programFor({ board }: Kind, entry = FIRMWARE): Program {
    if (board === OWN_BOARD) return buildProgram(entry)
    const patch = {
        file: "src/board/pico.ts",
        find: `@dsboard/${OWN_BOARD}`,
        replace: `@dsboard/${board}`,
    }
    return buildPatched(slugOf(board, entry), [patch], entry)
}

/**
 * @param firmware DeviceScript's own, for this kind of board
 * @throws when it is of another kind, or has something where ours goes
 */
export function bundle(
    kind: Kind,
    firmware: Uint8Array,
    program: Uint8Array,
    settings: Record<string, unknown>,
): Uint8Array {
    const parts: [number, Uint8Array][] = [
        [kind.configAt, makeConfig(kind)],
        [kind.storageAt, makeStorage(program, settings, kind.storageSize)],
    ]
    if (kind.format === "bin")
        return parts.reduce(
            (all, [at, data]) => putInto(all, at, data),
            firmware,
        )
    const uf2 = Uf2.read(firmware)
    for (const [at, data] of parts) uf2.add(at, data)
    return uf2.write()
}
