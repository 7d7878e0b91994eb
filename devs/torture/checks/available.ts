/** One fault of the boards, their wires or their cards costs no service. */
import { faults } from "../faults/index.ts"
import type { Check } from "./check.ts"

/** A host gives up after 3 s, comes back, and its first command takes a while. */
const LONGEST_PAUSE_US = 6e6
/**
 * Of a worn card, for each time that it is slower. One that is 40 times slower
 * may have eight long commands of two hosts to do, and what the partner's hosts
 * write: 300 blocks, and it takes 0.1 s for eight.
 */
const SLOW_CARD_PAUSE_US = 0.3e6
/** These are no fault of one board, or keep hosts away by themselves. */
const EXCEPT = new Set(["power-both", "power-step", "brown-out", "spi-noise"])
const FAMILIES = new Set(["power", "link", "wires", "card"])

export const available: Check = {
    name: "available",
    promise: "one fault costs a host 6 s of service at most, a worn card 12",
    watch: scene => () => {
        const names = scene.plannedFaults
        const [name] = names
        const isOne =
            names.length === 1 &&
            !EXCEPT.has(name) &&
            FAMILIES.has(faults.get(name)!.family)
        if (!isOne) return []
        const limit = Math.max(
            LONGEST_PAUSE_US,
            SLOW_CARD_PAUSE_US * scene.slowestCard,
        )
        return scene.hosts
            .filter(h => h.longestPause > limit)
            .filter(h => scene.mirroringOf(h.target) !== "none")
            .map(
                h =>
                    `${h.name} at ${h.target} waited ` +
                    `${(h.longestPause / 1e6).toFixed(1)} s, for a ${name}`,
            )
    },
}
