/** What may go wrong with a card, set by tests. */
import type { Flash, PowerLoss } from "./flash.ts"
import type { Identification } from "./identification.ts"
import type { Media } from "./media.ts"
import type { Output } from "./output.ts"
import type { Random } from "../../sim/random.ts"
import type { CardTiming } from "./timing.ts"

/** Each but those that tell of sectors, `powerLoss` and `slowFactor` is used up
 * once. */
export interface CardFaults {
    /** the next data block is refused with a write error */
    writeError?: boolean
    /** the next data block is refused: its CRC16 was wrong as it arrived */
    writeCrcError?: boolean
    /** the next data block is programmed, but badly: CMD13 tells */
    programError?: boolean
    /** the next data block is accepted, and never gets to the medium */
    lostWrite?: boolean
    /** the next data block is accepted, and gets to this LBA */
    misdirect?: number
    /** the next block read is an error token */
    readError?: boolean
    /** the next block read is this data error token (7.3.3.3) */
    errorToken?: number
    /**
     * a bit of the next block read flips on the bus; the CRC16 behind it is
     * the right data's, so that only a host that checks it can tell
     */
    readCrcError?: boolean
    /** this sector cannot be read any more, ever */
    badSector?: number
    /** these cannot be read until they are written: the card puts them elsewhere */
    weakSectors?: Set<number>
    /** the next programming takes so long */
    busyUs?: number
    /** what a loss of power does to what is being programmed */
    powerLoss?: PowerLoss
    /** the card takes so many times longer for everything */
    slowFactor?: number
}

/** What the parts of a card share. */
export interface CardParts {
    readonly media: Media
    readonly flash: Flash
    readonly identification: Identification
    readonly output: Output
    readonly random: Random
    readonly timing: CardTiming
    readonly faults: CardFaults
}
