/** The power goes, of one board or of both, moments after a step of the pair. */
import { BOARD_NAMES, other, type BoardName } from "../../bench/pair.ts"
import type { Timer } from "../../sim/world.ts"
import type { Fault } from "./fault.ts"
import { afterStep, pickDelayUs, pickStep } from "./steps.ts"

const OFF_MS = [50, 4000] as const

export const powerStep: Fault = {
    name: "power-step",
    family: "power",
    lastsMs: [2000, 20000],
    begin(scene, random) {
        const [step, pattern] = pickStep(random)
        const whose = random.pick(["its", "its partner's", "all"])
        const afterUs = pickDelayUs(random)
        const offUs = random.int(...OFF_MS) * 1000
        let names: readonly BoardName[] = []
        let timer: Timer | undefined
        const setPower = (on: boolean) => {
            for (const n of names) scene.node(n).board.setPower(on)
        }
        const stop = afterStep(scene, pattern, afterUs, board => {
            if (whose === "all") names = BOARD_NAMES
            else names = [whose === "its" ? board : other(board)]
            setPower(false)
            timer = scene.world.after(offUs, () => setPower(true))
        })
        return {
            what:
                `when a board ${step}, ${whose} power goes ` +
                `${(afterUs / 1000).toFixed(1)} ms later`,
            end: () => {
                stop()
                if (timer) timer.cancelled = true
                setPower(true)
            },
        }
    },
}
