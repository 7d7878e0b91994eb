/**
 * Linearizability of each block, durability of what was synchronised, and no
 * old data.
 */
import type { Check } from "./check.ts"

export const data: Check = {
    name: "data",
    promise: "hosts read what they wrote, whatever died meanwhile",
    watch: scene => () =>
        scene.dataIsForfeit ? [] : scene.history.check().map(v => v.why),
}
