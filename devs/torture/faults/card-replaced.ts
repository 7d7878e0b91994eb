/**
 * A board loses its power, and comes back with a new card. Only when its partner
 * serves all alone: else the newest copy would be on the card that was taken out,
 * and the boards would leave it to an operator.
 */
import { other, type BoardName } from "../../bench/pair.ts"
import { volumesOn } from "../../bench/superblock.ts"
import type { Scene } from "../scene.ts"
import type { Fault } from "./fault.ts"

/** Whether a board serves both volumes alone, and its card says so. */
function servesAll({ bench }: Scene, server: BoardName) {
    const { status } = bench.consoles[server]
    return (
        status["volume.a"] === "alone" &&
        status["volume.b"] === "alone" &&
        !!volumesOn(bench.media[server])?.every(v => v.isAlone)
    )
}

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
                // another fault may have ended with power
                board.setPower(false)
                if (servesAll(scene, other(name)))
                    scene.bench.media[name].erase()
                board.setPower(true)
            },
        }
    },
}
