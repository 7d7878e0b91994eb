/** Copies that are equal are not said to differ. */
import { BOARD_NAMES } from "../../bench/pair.ts"
import type { Check } from "./check.ts"

const DIFFER = /^verify of volume ([ab]): blocks (\d+) to (\d+) differ$/

export const verified: Check = {
    name: "verified",
    promise: "blocks that are said to differ do differ, on the cards",
    watch(scene) {
        const found: string[] = []
        scene.onEvent.push((board, text) => {
            const [, volume, from, to] = DIFFER.exec(text) ?? []
            if (!volume || scene.dataIsForfeit) return
            const index = volume === "a" ? 0 : 1
            for (let lba = Number(from); lba <= Number(to); lba++) {
                const sector = scene.sectorOf(index, lba)
                const [a, b] = BOARD_NAMES.map(n =>
                    Buffer.from(scene.bench.media[n].read(sector)),
                )
                if (!a.equals(b)) return
            }
            found.push(`${board}: ${text}, but do not`)
        })
        return () => found
    },
}
