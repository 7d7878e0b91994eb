/** No two boards serve one volume. */
import { BOARD_NAMES, other, type BoardName } from "../../bench/pair.ts"
import type { Check } from "./check.ts"

const SERVES = /^(?:home|partner) port serves .*\.([ab])$/

export const oneServer: Check = {
    name: "one-server",
    promise: "never two boards serve one volume",
    watch(scene) {
        const found: string[] = []
        const serves = (board: BoardName, volume: number) =>
            scene.history.servings.some(
                s =>
                    s.board === board &&
                    s.volume === volume &&
                    s.to === Infinity,
            )
        scene.onEvent.push((board, text) => {
            const [, name] = SERVES.exec(text) ?? []
            if (!name) return
            const second = other(board)
            const volume = BOARD_NAMES.indexOf(name as BoardName)
            // one that hangs serves nobody until its reset
            const isIdle =
                !serves(second, volume) || scene.node(second).board.isHung
            if (isIdle || !scene.couldKnow()) return
            const ms = Math.round(scene.world.now / 1000)
            found.push(
                `${board} and ${second} both serve volume ${name} at ${ms} ms`,
            )
        })
        return () => found
    },
}
