/** Whether a pair that nothing troubles any more becomes one again. */
import { BOARD_NAMES, other } from "../bench/pair.ts"
import type { VirtualBench } from "../bench/virtual.ts"

/** A whole volume takes minutes: that is not waited for. */
const MANY_BLOCKS = 2000

/** What an operator has to look at: the boards say so, and leave it. */
const LEFT_TO_AN_OPERATOR =
    /both boards went on alone|resync stopped|card has data|no card/

/** Whether each board serves its own volume, and mirrors the other's. */
export function isOne(bench: VirtualBench): boolean {
    return BOARD_NAMES.every(name => {
        const { status } = bench.consoles[name]
        return (
            status.serves === name &&
            status[`volume.${name}`] === "mirrored" &&
            status[`volume.${other(name)}`] === "mirror"
        )
    })
}

/** Why the pair will not be one soon, if there is a good reason. */
export function excuse(bench: VirtualBench): string | undefined {
    for (const name of BOARD_NAMES) {
        const { status, events } = bench.consoles[name]
        if (status.card === "failed") return `${name}'s card has failed`
        const start = events.findLastIndex(e => e.text === "starting")
        for (const { text } of events.slice(start + 1)) {
            if (LEFT_TO_AN_OPERATOR.test(text)) return text
            const blocks = /resyncing blocks=(\d+)/.exec(text)?.[1]
            if (Number(blocks) > MANY_BLOCKS) return text
        }
    }
    return undefined
}
