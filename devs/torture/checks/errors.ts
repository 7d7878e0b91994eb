/** Hosts get errors only for what a card or a bus has done. */
import type { Check } from "./check.ts"

export const errors: Check = {
    name: "errors",
    promise: "no host command fails while the cards are good",
    watch: scene => () => {
        if (scene.mayFailCommands || scene.dataIsForfeit) return []
        return scene.hosts.flatMap(h =>
            h.errors.map(
                e =>
                    `${h.name}: ${e.kind} failed at ` +
                    `${Math.round(e.at / 1000)} ms, sense ${e.sense.toString(16)}`,
            ),
        )
    },
}
