/** All packets of the link are late. */
import type { Fault } from "./fault.ts"

export const linkStall: Fault = {
    name: "link-stall",
    family: "link",
    lastsMs: [20, 3000],
    begin(scene, random) {
        const { cable } = scene.bench.pair
        const us = random.pick([5_000, 25_000, 70_000, 150_000, 300_000])
        cable.delay = () => us
        return {
            what: `link packets ${us / 1000} ms late`,
            end: () => {
                cable.delay = undefined
            },
        }
    },
}
