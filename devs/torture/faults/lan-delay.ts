/** Packets of the LAN are late. */
import type { Fault } from "./fault.ts"

export const lanDelay: Fault = {
    name: "lan-delay",
    family: "lan",
    lastsMs: [100, 5000],
    begin(scene, random) {
        const { lan } = scene.bench.pair
        const us = random.pick([1_000, 20_000, 200_000])
        lan.delay = () => random.int(0, us)
        return {
            what: `LAN packets up to ${us / 1000} ms late`,
            end: () => {
                lan.delay = undefined
            },
        }
    },
}
