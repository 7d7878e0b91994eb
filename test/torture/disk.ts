/** A disk that keeps its promises, or all but one, and hosts that use it. */
import type { Random } from "../../devs/sim/random.ts"
import { GARBAGE } from "../../devs/torture/blocks.ts"
import { History } from "../../devs/torture/history.ts"

const LBA = 3

/** Promises that a disk may break. */
export type Flaw = "FUA" | "sync" | "alone" | "takeover" | "tearing" | "undead"

/** A disk's block: all that was written, in order, and how much surely stays. */
class Disk {
    private log = [0]
    private durable = 1
    constructor(
        private readonly random: Random,
        private readonly flaw?: Flaw,
    ) {}

    get held() {
        return this.log[this.log.length - 1]
    }

    write(value: number, isForced: boolean, isAlone: boolean) {
        this.log.push(value)
        if (isForced && this.flaw !== "FUA") this.sync()
        if (isAlone && this.flaw !== "alone") this.sync()
    }

    sync() {
        this.durable = this.log.length
    }

    synchronize() {
        if (this.flaw !== "sync") this.sync()
    }

    takeOver() {
        if (this.flaw === "takeover") this.restart()
    }

    restart() {
        const { log, random } = this
        const isCut = log.length > this.durable || this.flaw === "tearing"
        const kept = random.int(this.durable, log.length)
        this.log = [log[kept - 1]]
        if (isCut && random.chance(0.2)) this.log = [GARBAGE]
        if (this.flaw === "undead") this.log = [random.pick(log)]
        this.durable = 1
    }
}

/** A thing that happens to the disk at a moment of its time. */
interface Happening {
    at: number
    run(): void
}

const PERIOD = 100

/** What hosts see of one block of such a disk in a few periods of service. */
export function lived(random: Random, flaw?: Flaw) {
    const history = new History()
    const disk = new Disk(random, flaw)
    let value = 0

    const serve = (from: number) => {
        const how = from > 0 && random.chance(0.5) ? "takeover" : "boot"
        if (how === "takeover") disk.takeOver()
        else disk.restart()
        const aloneFrom = random.chance(0.3)
            ? from + random.int(0, PERIOD)
            : Infinity
        const board = random.pick(["a", "b"] as const)
        const to = from + PERIOD
        const resyncFrom = Infinity
        history.servings.push({
            board,
            volume: 0,
            from,
            to,
            how,
            aloneFrom,
            resyncFrom,
        })
        return aloneFrom
    }

    /** One command that takes effect at a moment, answered or not. */
    const command = (from: number, aloneFrom: number): Happening => {
        const start = from + random.int(1, PERIOD - 2)
        const until = Math.min(start + 20, from + PERIOD - 1)
        const answered = random.int(start, until)
        const at = start + (answered - start) * random.unit()
        const isAnswered = random.chance(0.85)
        const end = isAnswered ? answered : Infinity
        const times = { host: `host${random.int(1, 3)}`, volume: 0, start, end }
        if (random.chance(0.15)) {
            if (isAnswered) history.syncs.push(times)
            return { at, run: () => disk.synchronize() }
        }
        const isWrite = random.chance(0.5)
        const kind = isWrite ? "write" : "read"
        const isForced = isWrite && random.chance(0.3)
        const values = [isWrite ? ++value : 0]
        history.ops.push({ ...times, kind, lba: LBA, values, isForced })
        const happens = isAnswered || random.chance(0.5)
        const isAlone = start >= aloneFrom
        const run = isWrite
            ? () => happens && disk.write(values[0], isForced, isAlone)
            : () => (values[0] = disk.held)
        return { at, run }
    }

    const end = random.int(2, 5) * PERIOD
    for (let from = 0; from < end; from += PERIOD) {
        const aloneFrom = serve(from)
        Array.from({ length: random.int(1, 8) }, () => command(from, aloneFrom))
            .sort((x, y) => x.at - y.at)
            .forEach(happening => happening.run())
    }
    return history
}
