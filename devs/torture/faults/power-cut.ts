/** One board loses its power for a while. */
import type { Fault } from "./fault.ts"

export const powerCut: Fault = {
    name: "power-cut",
    family: "power",
    lastsMs: [200, 8000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { board } = scene.node(name)
        board.setPower(false)
        return { what: `power of ${name} off`, end: () => board.setPower(true) }
    },
}
