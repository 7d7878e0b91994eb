/** What a loss of power makes of the sectors that a card was programming. */
import { tornSector, type PowerLoss } from "../../bench/sdcard/flash.ts"
import type { Random } from "../../sim/random.ts"

const MODES_BY_NAME = {
    /** each is old or new, and they were written in order */
    atomic: random => sectors => {
        const done = random.int(0, sectors.length)
        return sectors.map((s, i) => (i < done ? s.fresh : s.old))
    },
    /** each is old, new, or something in between */
    torn: random => sectors =>
        sectors.map(s => tornSector(s.old, s.fresh, random)),
    /** each is old or new, whatever became of those before it */
    reordered: random => sectors =>
        sectors.map(s => (random.chance(0.5) ? s.fresh : s.old)),
} satisfies Record<string, (random: Random) => PowerLoss>

export type Mode = keyof typeof MODES_BY_NAME
export const MODES = Object.keys(MODES_BY_NAME) as Mode[]

export function powerLoss(mode: Mode, random: Random): PowerLoss {
    return MODES_BY_NAME[mode](random)
}
