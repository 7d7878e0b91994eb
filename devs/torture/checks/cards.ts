/** Where a volume is mirrored and nobody writes, both cards are equal. */
import { BOARD_NAMES, other } from "../../bench/pair.ts"
import { lbasOf } from "../workloads/region.ts"
import type { Check } from "./check.ts"

export const cards: Check = {
    name: "cards",
    promise: "both cards of a mirrored volume are equal, block by block",
    needsEnd: true,
    watch: scene => () => {
        const found: string[] = []
        if (scene.dataIsForfeit) return found
        BOARD_NAMES.forEach((home, volume) => {
            const mirror = other(home)
            const { consoles, media } = scene.bench
            const key = `volume.${home}`
            const isMirrored =
                /^mirrored/.test(consoles[home].status[key]) &&
                consoles[mirror].status[key] === "mirror"
            if (!isMirrored) return
            for (const lba of lbasOf(scene.region)) {
                if (scene.history.isTainted(volume, lba)) continue
                const sector = scene.sectorOf(volume, lba)
                const [x, y] = [media[home], media[mirror]].map(m =>
                    Buffer.from(m.read(sector)),
                )
                if (!x.equals(y))
                    found.push(
                        `block ${lba} of volume ${home} differs on the cards`,
                    )
            }
        })
        return found
    },
}
