import { BOARD_NAMES, other } from "../../../bench/pair.ts"
import { atOnce, ifLost } from "../acts.ts"
import type { Workload } from "../workload.ts"

/** From a death in mid-write to a survivor that has let its partner go. */
export const takeovers: Workload[] = BOARD_NAMES.map(survivor => ({
    name: `takeover-by-${survivor}`,
    about: `${other(survivor)} dies in mid-write, ${survivor} takes over`,
    cards: "used",
    who: [survivor],
    async prepare(stage) {
        await stage.boot()
        for (const volume of BOARD_NAMES) {
            const host = stage.hostOf(volume)
            await host.comeBack()
            await host.write(0, 4)
            await host.synchronize()
            await host.write(2, 4)
        }
    },
    async window(stage) {
        stage.board(other(survivor)).setPower(false)
        await atOnce(
            BOARD_NAMES.map(async volume => {
                const host = stage.hostOf(volume)
                await host.write(4, 8).catch(ifLost)
                await host.comeBack()
                await host.write(10, 4)
            }),
        )
        const isReleased = () => stage.bench.said(survivor, /^fence released/)
        await stage.until(isReleased, 1e6, "release of the fence")
    },
}))
