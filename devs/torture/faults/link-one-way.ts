/** One pair of the link cable is broken. */
import type { Fault } from "./fault.ts"

export const linkOneWay: Fault = {
    name: "link-one-way",
    family: "link",
    lastsMs: [20, 5000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { cable } = scene.bench.pair
        const { link } = scene.node(name)
        const way = random.pick(["in", "out"] as const)
        cable.oneWay(link, way)
        return {
            what: `link of ${name} hears or says nothing (${way})`,
            end: () => cable.oneWay(link, undefined),
        }
    },
}
