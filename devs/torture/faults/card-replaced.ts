/**
 * A board loses its power, and comes back with a new card. Only when its partner
 * serves all alone: else the newest copy would be on the card that was taken out,
 * and the boards would leave it to an operator.
 */
import { other } from "../../bench/pair.ts"
import type { Fault } from "./fault.ts"

export const cardReplaced: Fault = {
    name: "card-replaced",
    family: "operator",
    lastsMs: [1500, 8000],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const { board } = scene.node(name)
        board.setPower(false)
        return {
            what: `power of ${name} off, and a new card put in`,
            end: () => {
                const { status } = scene.bench.consoles[other(name)]
                const isSpare =
                    status["volume.a"] === "alone" &&
                    status["volume.b"] === "alone"
                if (isSpare) scene.bench.media[name].erase()
                board.setPower(true)
            },
        }
    },
}
