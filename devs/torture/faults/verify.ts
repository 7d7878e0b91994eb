/** An operator has the copies compared. It takes longer than a history. */
import type { Fault } from "./fault.ts"

export const verify: Fault = {
    name: "verify",
    family: "operator",
    lastsMs: [100, 8000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        scene.command(name, "verify")
        return {
            what: `${name} is told to compare the copies`,
            end: () => scene.command(name, "stop-verify"),
        }
    },
}
