/** The modelled Pico: what a pair of them would do, on the virtual clock. */
import type { Program } from "../vm/program.ts"
import type { Load, Outcome } from "./load.ts"
import { MeteredPair } from "./meter.ts"
import { progress, type Report } from "./report.ts"
import { show, table, type Cell } from "./table.ts"

/** DESIGN, 7: what a mirrored write may cost, as a rate. */
export const GOAL = { iops: 80, kBps: 420 }
/** Virtual time of each measurement. */
const SPAN_US = 20e6
const WARM_OPS = 16
const SEED = 2

/** 4 KiB for random operations, 64 KiB in sequence. */
export const LOADS: Load[] = (["random", "sequential"] as const).flatMap(
    order =>
        (["write", "read"] as const).flatMap(kind =>
            [1, 8].map(depth => ({
                kind,
                order,
                blocks: order === "random" ? 8 : 128,
                depth,
            })),
        ),
)

export function nameOf({ order, kind, blocks, depth }: Load) {
    return `${order} ${kind}, ${blocks / 2} KiB, queue depth ${depth}`
}

export async function measurePico(program: Program): Promise<Report> {
    const results: { load: Load; outcome: Outcome }[] = []
    for (const load of LOADS) {
        progress(`modelled Pico: ${nameOf(load)}`)
        const pair = new MeteredPair(program, SEED)
        const initiator = await pair.loggedIn("a")
        const { outcome } = await pair.measure(initiator, load, {
            warmOps: WARM_OPS,
            us: SPAN_US,
        })
        results.push({ load, outcome })
    }
    return {
        sections: [
            {
                title: "Modelled Pico, mirroring on",
                notes: [
                    `Virtual time in which each VM opcode, SPI transfer and card ` +
                        `access takes what it takes on a Pico at 125 MHz.`,
                    `1 kB is 1,000 bytes.`,
                ],
                table: table(
                    ["", "IOPS", "kB/s", "goal", ...LATENCY_HEAD],
                    results.map(({ load, outcome }) => [
                        nameOf(load),
                        outcome.iops,
                        outcome.kBps,
                        load.order === "random"
                            ? `${GOAL.iops} IOPS`
                            : `${GOAL.kBps} kB/s`,
                        ...latencyCells(outcome),
                    ]),
                ),
            },
        ],
        data: results,
        failures: [],
    }
}

export const LATENCY_HEAD = ["p50 ms", "p90 ms", "p99 ms", "max ms"]

export function latencyCells({ latency }: Outcome): Cell[] {
    const { p50, p90, p99, max } = latency
    return [p50, p90, p99, max].map(us => show(us / 1000))
}
