/** A pair at a Pico's speed whose boards' work can be read. */
import { PicoCpu, workBetween, type Work } from "../bench/cpu.ts"
import { BOARD_NAMES, type BoardName, type Speed } from "../bench/pair.ts"
import { VirtualBench } from "../bench/virtual.ts"
import type { Initiator } from "../initiator/initiator.ts"
import { countingVm } from "../vm/counting.ts"
import type { Program } from "../vm/program.ts"
import {
    runLoad,
    type Load,
    type LoadOptions,
    type Outcome,
    type Span,
} from "./load.ts"

/** What a board has spent. */
export interface Use {
    work: Work
    spiTransfers: number
    spiBytes: number
    /** processor time, the start of SPI transfers and pins included */
    cpuUs: number
}

/** 32 MiB. */
export const VOLUME_BLOCKS = 65536
/** Virtual time after which a load that gets nowhere is given up. */
const LIMIT_US = 1000e6

type ByBoard<T> = Record<BoardName, T>

export class MeteredPair {
    readonly bench: VirtualBench
    private readonly cpus = {} as ByBoard<PicoCpu>

    /** @param speed counts with the processors it is given */
    constructor(
        program: Program,
        seed: number,
        speed: Speed = {
            vm: () => countingVm(),
            cpu: () => new PicoCpu(),
        },
    ) {
        this.bench = new VirtualBench({
            program,
            seed,
            speed: {
                vm: board => speed.vm(board),
                cpu: board => {
                    const cpu = speed.cpu(board)
                    if (!(cpu instanceof PicoCpu))
                        throw new Error("only a PicoCpu can be metered")
                    this.cpus[board] = cpu
                    return cpu
                },
            },
        })
        this.bench.boot()
    }

    async loggedIn(board: BoardName): Promise<Initiator> {
        const initiator = this.bench.initiator(board)
        await this.bench.runScript(async () => {
            await initiator.login()
            await initiator.ready()
        })
        return initiator
    }

    /** All that both boards have spent since power-on. */
    read(): ByBoard<Use> {
        const one = (name: BoardName): Use => {
            const { stats } = this.bench.pair.nodes[name].board
            const cpu = this.cpus[name]
            return {
                work: cpu.work(),
                spiTransfers: stats.spiTransfers,
                spiBytes: stats.spiBytes,
                cpuUs: cpu.usedUs(),
            }
        }
        return { a: one("a"), b: one("b") }
    }

    /** Runs a load. @returns how it did, and what it cost both boards */
    async measure(
        initiator: Initiator,
        load: Load,
        span: Span,
        hooks: Pick<LoadOptions, "onBegin" | "onEnd"> = {},
    ) {
        let begin = this.read()
        let end = begin
        const outcome: Outcome = await this.bench.runScript(
            () =>
                runLoad(initiator, {
                    load,
                    span,
                    volume: VOLUME_BLOCKS,
                    random: this.bench.random.fork(),
                    now: () => this.bench.world.now,
                    onBegin: () => {
                        begin = this.read()
                        hooks.onBegin?.()
                    },
                    onEnd: () => {
                        end = this.read()
                        hooks.onEnd?.()
                    },
                }),
            LIMIT_US,
        )
        return { outcome, spent: spentBetween(begin, end) }
    }

    /** What both boards spend while nobody asks them anything. */
    idle(us: number): ByBoard<Use> {
        const begin = this.read()
        this.bench.run(us)
        return spentBetween(begin, this.read())
    }
}

function spentBetween(begin: ByBoard<Use>, end: ByBoard<Use>): ByBoard<Use> {
    const one = (name: BoardName): Use => ({
        work: workBetween(begin[name].work, end[name].work),
        spiTransfers: end[name].spiTransfers - begin[name].spiTransfers,
        spiBytes: end[name].spiBytes - begin[name].spiBytes,
        cpuUs: end[name].cpuUs - begin[name].cpuUs,
    })
    return Object.fromEntries(
        BOARD_NAMES.map(name => [name, one(name)]),
    ) as ByBoard<Use>
}
