import { BOARD_NAMES } from "../../../bench/pair.ts"
import { isActive } from "../../../bench/superblock.ts"
import { WHO, type Workload } from "../workload.ts"

export const stop: Workload = {
    name: "stop",
    about: "hosts log out, and the pair goes quiet",
    cards: "used",
    who: WHO,
    async prepare(stage) {
        await stage.boot()
        for (const volume of BOARD_NAMES) {
            const host = stage.hostOf(volume)
            await host.comeBack()
            await host.write(2, 4)
        }
    },
    async window(stage) {
        const hosts = BOARD_NAMES.map(volume => stage.hostOf(volume))
        await Promise.all(hosts.map(host => host.logout()))
        const { media } = stage.bench
        const isQuiet = () =>
            BOARD_NAMES.every(b => !isActive(media[b], 0)) &&
            BOARD_NAMES.every(b => !isActive(media[b], 1))
        await stage.until(isQuiet, 5e6, "quiet volume")
    },
}
