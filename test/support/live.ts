/** Pairs on the live clock and on addresses of their own. */
import type { TestContext } from "node:test"
import { Bench } from "../../devs/bench/bench.ts"
import {
    BOARD_NAMES,
    targetName,
    type BoardName,
    type ChapSecret,
} from "../../devs/bench/pair.ts"
import { MemoryMedia } from "../../devs/bench/sdcard/media.ts"
import { Initiator } from "../../devs/initiator/initiator.ts"
import { overSocket } from "../../devs/initiator/transport.ts"
import { buildProgram } from "../../devs/vm/program.ts"

/** Loopback addresses that no other test process has. */
const NET = `127.${64 + ((process.pid >> 8) & 127)}.${process.pid & 255}`

export const PORTALS = {
    a: { ip: `${NET}.11`, port: 3260 },
    b: { ip: `${NET}.12`, port: 3260 },
}
export const CONTROL = { ip: `${NET}.1`, port: 8011 }
export const SERIAL = {
    a: { ip: `${NET}.1`, port: 8012 },
    b: { ip: `${NET}.1`, port: 8013 },
}
/** for a target that is not ours */
export const OTHER = { ip: `${NET}.21`, port: 3260 }

export const VOLUME_MIB = 32
export const VOLUME_BYTES = VOLUME_MIB << 20
/** Room for two volumes and what stands before them. */
const CARD_SECTORS = 256 * 1024
const READY_LIMIT_MS = 20_000

/** What libiscsi and QEMU call a board's disk. */
export function url(board: BoardName): string {
    const { ip, port } = PORTALS[board]
    return `iscsi://${ip}:${port}/${targetName(board)}/0`
}

/**
 * A mirrored pair with blank cards, in this process. A panic of the firmware
 * or a bug of the bench ends the test.
 */
export async function livePair(
    t: TestContext,
    seed = 1,
    chap?: ChapSecret,
): Promise<Bench> {
    const bench = new Bench({
        program: buildProgram(),
        portals: PORTALS,
        media: {
            a: new MemoryMedia(CARD_SECTORS),
            b: new MemoryMedia(CARD_SECTORS),
        },
        mib: VOLUME_MIB,
        seed,
        chap,
    })
    for (const bad of ["panic", "failed"] as const)
        bench.on(bad, (e: unknown) => {
            throw e
        })
    t.after(() => {
        // nobody looks at the cards any more: no need to let the pair rest
        for (const name of BOARD_NAMES) bench.setPower(name, false)
        return bench.stop()
    })
    await bench.start()
    await bench.untilMirrored(READY_LIMIT_MS)
    return bench
}

/** An initiator over a real socket, logged in. */
export async function connected(board: BoardName): Promise<Initiator> {
    const { ip, port } = PORTALS[board]
    const initiator = new Initiator({
        connect: overSocket(ip, port),
        target: targetName(board),
    })
    await initiator.login()
    await initiator.ready()
    return initiator
}
