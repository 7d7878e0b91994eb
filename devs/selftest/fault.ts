/** What may be wrong with two boards that someone has soldered. */
import type { BoardName, Pair } from "../bench/pair.ts"
import type { VirtualOptions } from "../bench/virtual.ts"

/** Checks by name, and words that must be in their lines. */
export type Named = Record<string, RegExp>

export interface WiringFault {
    name: string
    /** what is broken, for people */
    about: string
    /** what the pair is made with, where that is the fault */
    bench?(board: BoardName): Partial<VirtualOptions>
    /** Breaks it. @param board the one on which the fault is */
    apply?(pair: Pair, board: BoardName): void
    /** What else happens when the cable between the boards is put in, or out. */
    plugged?(pair: Pair, board: BoardName, isIn: boolean): void
    /** Checks that must fail there, and at the partner. */
    own?: Named
    partner?: Named
    /** The partner is held in reset: it says nothing. */
    partnerIsDead?: boolean
}
