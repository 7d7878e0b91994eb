/** An operator moves a volume to the other board, and later back. */
import type { Fault } from "./fault.ts"

export const takeover: Fault = {
    name: "takeover",
    family: "operator",
    lastsMs: [100, 8000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        scene.command(name, "takeover")
        return {
            what: `${name} is told to take both volumes`,
            end: () => scene.command(name, "giveback"),
        }
    },
}
