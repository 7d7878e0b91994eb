/** A board's LAN cable is pulled, of one port or of both. */
import type { Fault } from "./fault.ts"

export const lanCut: Fault = {
    name: "lan-cut",
    family: "lan",
    lastsMs: [50, 6000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { home, partner } = scene.node(name)
        const ports = random.pick([[home], [partner], [home, partner]])
        const { lan } = scene.bench.pair
        for (const p of ports) lan.cut(p, true)
        return {
            what: `LAN of ${name} cut (${ports.length} ports)`,
            end: () => {
                for (const p of ports) lan.cut(p, false)
            },
        }
    },
}
