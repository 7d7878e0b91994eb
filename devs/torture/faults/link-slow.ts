/** The link is up to 3,000 times slower: errors and repetitions below. */
import type { Fault } from "./fault.ts"

export const linkSlow: Fault = {
    name: "link-slow",
    family: "link",
    lastsMs: [100, 5000],
    begin(scene, random) {
        const { cable } = scene.bench.pair
        const times = random.pick([3, 30, 300, 3000])
        cable.slowDown(times)
        return {
            what: `link ${times} times slower`,
            end: () => {
                cable.slowDown(1)
            },
        }
    },
}
