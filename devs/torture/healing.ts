/** Whether a pair that nothing troubles any more becomes one again. */
import {
    BOARD_NAMES,
    other,
    type BoardName,
    type Mirroring,
} from "../bench/pair.ts"
import type { Scene } from "./scene.ts"

/**
 * Beside busy hosts some 40 blocks are copied in a second: a whole volume takes
 * half an hour, and is not waited for.
 */
const MANY_BLOCKS = 1000
/**
 * Blocks a second beside the busiest hosts; 26 have been seen. A board that
 * mirrors for a busy partner does some 100 in a second, and hosts keep two
 * thirds of them.
 */
const SLOWEST_COPYING = 20

const RESYNC = /^volume ([ab]) resyncing blocks=(\d+)/
const SPLIT = /both boards went on alone/

/** What an operator has to look at: the boards say so, and leave it. */
const LEFT_TO_AN_OPERATOR =
    /on the card that is gone|resync stopped|card has data|no card/

/** What home and partner say of a volume then. */
const WHEN_ONE: Record<Mirroring, { home: string; mirror: string }> = {
    sync: { home: "mirrored", mirror: "mirror" },
    async: { home: "mirrored-async", mirror: "mirror" },
    none: { home: "unmirrored", mirror: "waiting" },
}

/** Whether each board serves its own volume, and mirrors the other's. */
export function isOne(scene: Scene): boolean {
    return BOARD_NAMES.every(name => {
        const { status } = scene.bench.consoles[name]
        const { home } = WHEN_ONE[scene.mirroringOf(name)]
        const { mirror } = WHEN_ONE[scene.mirroringOf(other(name))]
        return (
            status.serves === name &&
            status[`volume.${name}`] === home &&
            status[`volume.${other(name)}`] === mirror
        )
    })
}

/** Why the pair will not be one soon, if there is a good reason. */
export function excuse(scene: Scene): string | undefined {
    for (const name of BOARD_NAMES) {
        const { status, events } = scene.bench.consoles[name]
        if (status.card === "failed") return `${name}'s card has failed`
        const start = events.findLastIndex(e => e.text === "starting")
        for (const { text } of events.slice(start + 1)) {
            if (LEFT_TO_AN_OPERATOR.test(text)) return text
            // the torture is the operator if it hid the boards from each other
            if (SPLIT.test(text) && !scene.wasBlind) return text
            const blocks = RESYNC.exec(text)?.[2]
            if (Number(blocks) > MANY_BLOCKS) return text
        }
    }
    return undefined
}

/**
 * Microseconds that copying takes, by what the boards have last said of each
 * volume: a resync that begins again and again gets no more.
 */
export function copyingUs(scene: Scene): number {
    let blocks = 0
    for (const name of BOARD_NAMES) {
        const last = new Map<string, number>()
        for (const { text } of scene.bench.consoles[name].events) {
            const [, volume, count] = RESYNC.exec(text) ?? []
            if (volume) last.set(volume, Math.min(Number(count), MANY_BLOCKS))
        }
        for (const count of last.values()) blocks += count
    }
    return (blocks / SLOWEST_COPYING) * 1e6
}

/** Whether a board has told of a split history, and nobody has chosen a copy. */
export function isSplit(scene: Scene, name: BoardName): boolean {
    const { events } = scene.bench.consoles[name]
    const last = events.findLast(
        e => SPLIT.test(e.text) || e.text === "command discard: done",
    )
    return last !== undefined && SPLIT.test(last.text)
}
