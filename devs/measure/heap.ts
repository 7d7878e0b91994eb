/** The firmware's heap after a long time under load. It must not grow. */
import { instantCpu } from "../bench/cpu.ts"
import { BOARD_NAMES, type BoardName } from "../bench/pair.ts"
import { VirtualBench } from "../bench/virtual.ts"
import type { Initiator } from "../initiator/initiator.ts"
import { BLOCK } from "../initiator/scsi.ts"
import { countingVm } from "../vm/counting.ts"
import { heapUse, type HeapUse } from "../vm/heap.ts"
import type { Program } from "../vm/program.ts"
import { VOLUME_BLOCKS } from "./meter.ts"
import { progress, type Report } from "./report.ts"
import { show, table } from "./table.ts"

const SECOND_US = 1e6
const HOUR_US = 3600 * SECOND_US
const SEED = 4
/** One board is written to and the other read, in turn, so often. */
const PERIOD_US = 0.2 * SECOND_US
/** Mostly 4 KiB; now and then more than a piece of the pool. */
const SIZES = [8, 8, 8, 8, 8, 8, 8, 64]
/** By then all that is made when it is first used has been made. */
const WARM_US = 60 * SECOND_US
/** Hosts log in anew so often. */
const SESSION_US = 60 * SECOND_US
/** The heap is looked at so often in the time. */
const MARKS = 12
/** Before the heap is looked at: all writes reach the cards. */
const QUIET_US = 2 * SECOND_US
/** How often and how far apart one mark's looks are. */
const LOOKS = 50
const LOOK_US = 0.023 * SECOND_US
/** A host's command takes no longer. */
const PATIENCE_US = 60 * SECOND_US

type ByBoard<T> = Record<BoardName, T>

/** The heap without garbage, in bytes. */
export interface Mark {
    /** under load */
    seconds: number
    used: ByBoard<number>
    largestFree: ByBoard<number>
}

type Tell = (share: number) => void

class HeapRun {
    private readonly bench: VirtualBench
    /** one for each board */
    private readonly hosts: Initiator[]

    constructor(
        program: Program,
        private readonly tell: Tell,
    ) {
        const speed = { vm: () => countingVm(), cpu: () => instantCpu }
        this.bench = new VirtualBench({ program, seed: SEED, speed })
        this.bench.boot()
        this.hosts = BOARD_NAMES.map(name => this.bench.initiator(name))
    }

    async run(us: number): Promise<Mark[]> {
        const marks: Mark[] = []
        let loaded = 0
        for (let i = 0; i <= MARKS; i++) {
            const until = WARM_US + (us * i) / MARKS
            while (loaded < until) {
                const part = Math.min(until - loaded, SESSION_US)
                await this.session(part)
                loaded += part
                this.tell(loaded / (WARM_US + us))
            }
            marks.push(this.mark(loaded))
        }
        return marks
    }

    /** A host logs in to each board, works for so long, and logs out. */
    private async session(us: number) {
        const { bench } = this
        const hosts = [...this.hosts]
        const end = bench.world.now + us
        await bench.runScript(async () => {
            for (const h of hosts) {
                await h.login()
                await h.ready()
            }
            while (bench.world.now < end) {
                await this.work(hosts[0], hosts[1])
                hosts.reverse()
                await bench.script.sleep(PERIOD_US)
            }
            for (const h of hosts) await h.logout()
        }, us + PATIENCE_US)
    }

    private async work(writer: Initiator, reader: Initiator) {
        const { random } = this.bench
        const blocks = random.pick(SIZES)
        const data = Buffer.from(random.bytes(blocks * BLOCK))
        const lba = () => random.int(0, VOLUME_BLOCKS - blocks)
        const results = await Promise.all([
            writer.write(lba(), data),
            reader.read(lba(), blocks),
        ])
        for (const { status, sense } of results)
            if (status !== 0)
                throw new Error(`refused: sense ${sense.toString(16)}`)
    }

    /**
     * Collects garbage at every allocation for a moment, and takes the least
     * that was in use: what a fiber holds while it runs is no growth.
     */
    private mark(loaded: number): Mark {
        const { bench } = this
        bench.run(QUIET_US)
        const vm = (name: BoardName) => bench.pair.nodes[name].board.instance!
        for (const name of BOARD_NAMES) vm(name).gcStress(true)
        const looks: ByBoard<HeapUse>[] = []
        for (let i = 0; i < LOOKS; i++) {
            bench.run(LOOK_US)
            looks.push({ a: heapUse(vm("a")), b: heapUse(vm("b")) })
        }
        for (const name of BOARD_NAMES) vm(name).gcStress(false)
        const least = (name: BoardName) =>
            looks.reduce((x, y) => (y[name].used < x[name].used ? y : x))[name]
        const [a, b] = BOARD_NAMES.map(least)
        return {
            seconds: loaded / SECOND_US,
            used: { a: a.used, b: b.used },
            largestFree: { a: a.largestFree, b: b.largestFree },
        }
    }
}

/** @returns what to say of boards whose heap grew from the first mark on */
export function growth(marks: Mark[]): string[] {
    const [first, last] = [marks[0], marks[marks.length - 1]]
    return BOARD_NAMES.filter(n => last.used[n] > first.used[n]).map(
        n =>
            `board ${n}'s heap grew from ${first.used[n]} B to ` +
            `${last.used[n]} B in ${(last.seconds - first.seconds).toFixed(0)} s`,
    )
}

/** @param hours of virtual time */
export async function measureHeap(
    program: Program,
    hours: number,
): Promise<Report> {
    const startedAt = Date.now()
    const tell = (share: number) => {
        const s = (Date.now() - startedAt) / 1000
        const left = (s * (1 - share)) / share
        const percent = (100 * Math.min(1, share)).toFixed(0)
        progress(`heap: ${percent} %, ${Math.max(0, left).toFixed(0)} s left`)
    }
    const marks = await new HeapRun(program, tell).run(hours * HOUR_US)
    return {
        sections: [
            {
                title: `Heap in use after ${show(hours)} h of virtual time under load`,
                notes: [
                    `Bytes without garbage, of 64 KiB. Every ${PERIOD_US / 1000} ms ` +
                        `one board is written to and the other is read.`,
                ],
                table: table(
                    [
                        "after",
                        "board a",
                        "board b",
                        "largest free, a",
                        "largest free, b",
                    ],
                    marks.map(m => [
                        `${m.seconds.toFixed(0)} s`,
                        m.used.a,
                        m.used.b,
                        m.largestFree.a,
                        m.largestFree.b,
                    ]),
                ),
            },
        ],
        data: marks,
        failures: growth(marks),
    }
}
