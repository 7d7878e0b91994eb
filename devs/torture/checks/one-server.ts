/** No two boards serve one volume. */
import type { Check } from "./check.ts"

export const oneServer: Check = {
    name: "one-server",
    promise: "never two boards serve one volume",
    watch: scene => () => {
        const found: string[] = []
        for (const volume of [0, 1]) {
            const all = scene.history.servings
                .filter(s => s.volume === volume)
                .sort((x, y) => x.from - y.from)
            for (let i = 1; i < all.length; i++)
                if (all[i].from < all[i - 1].to)
                    found.push(
                        `${all[i].board} and ${all[i - 1].board} both serve ` +
                            `volume ${volume ? "b" : "a"} at ` +
                            `${Math.round(all[i].from / 1000)} ms`,
                    )
        }
        return found
    },
}
