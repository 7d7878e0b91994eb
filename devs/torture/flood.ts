/** Connections that talk nonsense, one after the other. */
import { targetName, type BoardName } from "../bench/pair.ts"
import type { VirtualBench } from "../bench/virtual.ts"
import {
    ConnectionLost,
    LoginRefused,
    type Initiator,
} from "../initiator/initiator.ts"
import { Malformed } from "../initiator/malformed.ts"
import type { Random } from "../sim/random.ts"

/** Connections at once: a port has four sockets. */
const CONNECTIONS = 3
const PATIENCE_US = 500_000
const NAME = "iqn.2026-11.com.example:flood"
const LONGEST_NAME = 223

export class Flood {
    private isStopped = false
    private readonly malformed: Malformed

    constructor(
        private readonly bench: VirtualBench,
        private readonly target: BoardName,
        private readonly random: Random,
    ) {
        this.malformed = new Malformed(random)
        for (let n = 0; n < CONNECTIONS; n++) void this.run(n)
    }

    stop() {
        this.isStopped = true
    }

    private async run(n: number) {
        const options = {
            isid: `402a545700f${n}`,
            name:
                NAME + (n === 0 ? "d".repeat(LONGEST_NAME - NAME.length) : ""),
        }
        const initiator = this.bench.initiator(this.target, options)
        while (!this.isStopped) {
            const giveUp = this.bench.world.after(PATIENCE_US, () =>
                initiator.abort(),
            )
            await this.talk(initiator).catch((e: unknown) => {
                const isOver =
                    e instanceof ConnectionLost || e instanceof LoginRefused
                if (!isOver) throw e
            })
            giveUp.cancelled = true
            await this.bench.script.sleep(this.random.int(1_000, 50_000))
        }
        initiator.abort()
    }

    private async talk(initiator: Initiator) {
        const { random, malformed } = this
        const isLogin = random.chance(0.3)
        if (isLogin) await initiator.open()
        else await initiator.login()
        const count = random.int(1, 30)
        for (let k = 1; k <= count && initiator.isConnected; k++)
            initiator.sendRaw(
                isLogin
                    ? malformed.login(targetName(this.target))
                    : malformed.pdu(k),
            )
        await this.bench.script.sleep(random.int(100, 30_000))
        if (random.chance(0.5)) initiator.abort()
        else initiator.disconnect()
    }
}
