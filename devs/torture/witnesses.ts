/**
 * What shows a board that its partner lives, before it takes anything over, and
 * which faults hide it. When all is hidden in one moment nobody can know, and
 * both may serve: DESIGN.md, "Death of a partner".
 */

import { BOARD_NAMES, type BoardName } from "../bench/pair.ts"

/**
 * The heartbeat; the carrier of the link, which a reset takes away; the fence,
 * whose reset reaches the partner; and its address, which answers on the LAN.
 */
export type Witness = "beat" | "carrier" | "fence" | "lan"

const ALL: Witness[] = ["beat", "carrier", "fence", "lan"]

/** By name of the fault. */
export const HIDDEN: Record<string, Witness[]> = {
    "beat-cut": ["beat"],
    "beat-stuck": ["beat"],
    "beat-missing": ["beat"],
    "beat-jitter": ["beat"],
    stall: ["beat"],
    hang: ["beat"],
    "hang-silent": ["beat", "lan"],
    "link-cut": ["carrier"],
    "link-blip": ["carrier"],
    "link-one-way": ["carrier"],
    "fence-cut": ["fence"],
    "fence-stuck-high": ["fence"],
    "cable-out": ["beat", "carrier", "fence"],
    "lan-cut": ["lan"],
    "lan-split": ["lan"],
    "lan-loss": ["lan"],
    "lan-delay": ["lan"],
    "chip-reset": ["lan"],
    "chip-upset": ["lan"],
    "chip-address": ["lan"],
    "spi-noise": ["carrier", "lan"],
}

/** What a board soon notices while its partner is heard: then it takes nothing. */
export const NOTICED = ["fence-cut", "cable-out"]

/** A fault that is there, or was a moment ago. */
export interface Hiding {
    name: string
    /** whose signs of life; none: of either board */
    hides?: BoardName
}

/** Whether nothing shows one of the boards to the other. */
export function isOneHidden(faults: Hiding[]): boolean {
    return BOARD_NAMES.some(board => {
        const ofIt = faults.filter(f => !f.hides || f.hides === board)
        const hidden = new Set(ofIt.flatMap(f => HIDDEN[f.name] ?? []))
        return ALL.every(w => hidden.has(w))
    })
}
