/**
 * The power goes, of one board or of both, moments after the pair has taken a
 * step in its life. A loss of power by chance seldom comes just then.
 */
import { BOARD_NAMES, other, type BoardName } from "../../bench/pair.ts"
import type { Timer } from "../../sim/world.ts"
import { remove } from "../scene.ts"
import type { Fault } from "./fault.ts"

/** What a board says of a step: a card has it, or is about to. */
const STEPS = {
    "goes on alone": /^volume [ab] alone/,
    "mirrors again": /^volume [ab] (?:is a mirror|mirrored again)/,
    "has moved a volume": /^volume [ab] (?:given|is home again|taken)/,
}
/** As many cuts soon after a step as late ones. */
const SOONEST_US = 100
const LATEST_US = 100_000
const OFF_MS = [50, 4000] as const

export const powerStep: Fault = {
    name: "power-step",
    family: "power",
    lastsMs: [2000, 20000],
    begin(scene, random) {
        const [step, pattern] = random.pick(Object.entries(STEPS))
        const whose = random.pick(["its", "its partner's", "all"])
        const afterUs = SOONEST_US * (LATEST_US / SOONEST_US) ** random.unit()
        const offUs = random.int(...OFF_MS) * 1000
        let names: readonly BoardName[] = []
        let timer: Timer | undefined
        const setPower = (on: boolean) => {
            for (const n of names) scene.node(n).board.setPower(on)
        }
        const watch = (board: BoardName, text: string) => {
            if (!pattern.test(text)) return
            remove(scene.onEvent, watch)
            if (whose === "all") names = BOARD_NAMES
            else names = [whose === "its" ? board : other(board)]
            timer = scene.world.after(afterUs, () => {
                setPower(false)
                timer = scene.world.after(offUs, () => setPower(true))
            })
        }
        scene.onEvent.push(watch)
        return {
            what:
                `when a board ${step}, ${whose} power goes ` +
                `${(afterUs / 1000).toFixed(1)} ms later`,
            end: () => {
                remove(scene.onEvent, watch)
                if (timer) timer.cancelled = true
                setPower(true)
            },
        }
    },
}
