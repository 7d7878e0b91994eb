/** How long a card takes. */
import type { Random } from "../../sim/random.ts"

export interface CardTiming {
    /** from the first ACMD41 to ready */
    initUs(r: Random): number
    /** from a read command to its first data block */
    accessUs(r: Random): number
    /** between the blocks of a multi-block read */
    readGapUs(r: Random): number
    /** busy after CMD12 has ended a read */
    stopUs(r: Random): number
    /** a block within a multi-block write, which cards buffer */
    streamUs(r: Random): number
    /** a single block, or the end of a multi-block write */
    programUs(r: Random): number
}

/** A card that takes so many times longer for everything. */
export function slowed(timing: CardTiming, factor: () => number): CardTiming {
    const kinds = Object.keys(timing) as (keyof CardTiming)[]
    const slow = kinds.map(k => [k, (r: Random) => timing[k](r) * factor()])
    return Object.fromEntries(slow) as CardTiming
}

/** The specification's limit for a write, SDHC; part 1, 4.6.2.2. */
export const MAX_BUSY_US = 250_000

/**
 * A card as they are sold: programming takes 0.9 ms and now and then several,
 * rarely tens of, milliseconds; four of five blocks of a stream go to a buffer,
 * the fifth waits for the buffer to be programmed.
 */
export const typicalTiming: CardTiming = {
    initUs: r => r.logNormal(60_000, 0.4),
    accessUs: r => r.logNormal(350, 0.4),
    readGapUs: r => r.logNormal(12, 0.5),
    stopUs: r => (r.chance(0.8) ? 0 : r.logNormal(50, 1)),
    streamUs: r =>
        r.chance(0.8) ? r.logNormal(30, 0.5) : cap(r.logNormal(900, 0.5)),
    programUs: r =>
        r.chance(0.003)
            ? cap(r.logNormal(30_000, 0.7))
            : cap(r.logNormal(900, 0.5)),
}

function cap(us: number) {
    return Math.min(us, MAX_BUSY_US)
}

/** The quickest card that the protocol allows, for tests of other things. */
export const instantTiming: CardTiming = {
    initUs: () => 0,
    accessUs: () => 0,
    readGapUs: () => 0,
    stopUs: () => 0,
    streamUs: () => 0,
    programUs: () => 0,
}
