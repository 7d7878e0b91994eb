/** The SPI bus of a board changes bits. Nothing on it has a checksum. */
import type { Fault } from "./fault.ts"

export const spiNoise: Fault = {
    name: "spi-noise",
    family: "chips",
    lastsMs: [5, 500],
    begin(scene, random) {
        const name = scene.pickBoard(random)
        const chance = random.pick([1e-3, 1e-2])
        const { spi } = scene.node(name).board
        scene.dataIsForfeit = true
        spi.noise = (_, data) => {
            if (!data.length || !random.chance(chance)) return
            data[random.int(0, data.length - 1)] ^= 1 << random.int(0, 7)
        }
        return {
            what: `SPI of ${name} changes a bit in ${chance * 100} % of its transfers`,
            end: () => {
                spi.noise = undefined
            },
        }
    },
}
