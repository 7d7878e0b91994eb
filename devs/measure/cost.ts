/** What a mirrored write and a read cost each board, in countable things. */
import type { Program } from "../vm/program.ts"
import type { Load } from "./load.ts"
import { MeteredPair, type Use } from "./meter.ts"
import { progress, type Report } from "./report.ts"
import { table } from "./table.ts"

/** 4 KiB. */
const BLOCKS = 8
/** The writes that a full pool holds, and more: what follows is steady. */
const WARM_OPS = 24
const OPS = 200
const IDLE_SECONDS = 10
const SEED = 1

/** One operation's share, or one second's. */
export interface Cost {
    opcodes: number
    scriptCalls: number
    spiTransfers: number
    spiBytes: number
    /** modelled processor time of a Pico; SPI's wire time comes on top */
    cpuUs: number
}

export interface OperationCost {
    kind: Load["kind"]
    depth: number
    home: Cost
    partner: Cost
}

export function costOf(use: Use, count: number): Cost {
    return {
        opcodes: use.work.opcodes / count,
        scriptCalls: (use.work.calls - use.work.natives) / count,
        spiTransfers: use.spiTransfers / count,
        spiBytes: use.spiBytes / count,
        cpuUs: use.cpuUs / count,
    }
}

/** Average of random 4 KiB operations one after the other, or `depth` deep. */
export async function operationCost(
    program: Program,
    kind: Load["kind"],
    depth: number,
    ops = OPS,
): Promise<OperationCost> {
    const pair = new MeteredPair(program, SEED)
    const initiator = await pair.loggedIn("a")
    const { outcome, spent } = await pair.measure(
        initiator,
        { kind, order: "random", blocks: BLOCKS, depth },
        { warmOps: WARM_OPS, ops },
    )
    return {
        kind,
        depth,
        home: costOf(spent.a, outcome.ops),
        partner: costOf(spent.b, outcome.ops),
    }
}

/** What a second costs a board that is asked nothing. */
export function idleCost(program: Program): Cost {
    const pair = new MeteredPair(program, SEED)
    return costOf(pair.idle(IDLE_SECONDS * 1e6).a, IDLE_SECONDS)
}

export async function measureCost(program: Program): Promise<Report> {
    const costs: OperationCost[] = []
    for (const kind of ["write", "read"] as const)
        for (const depth of [1, 8]) {
            progress(`cost: ${kind}, queue depth ${depth}`)
            costs.push(await operationCost(program, kind, depth))
        }
    progress("cost: idle")
    const idle = idleCost(program)
    const row = (name: string, c: Cost) => [
        name,
        c.opcodes,
        c.scriptCalls,
        c.spiTransfers,
        c.spiBytes,
        c.cpuUs / 1000,
    ]
    const rows = costs.flatMap(c => {
        const name = `${c.kind}, queue depth ${c.depth}`
        return [
            row(`${name}, home board`, c.home),
            row(`${name}, partner`, c.partner),
        ]
    })
    return {
        sections: [
            {
                title: "Cost of one 4 KiB operation with mirroring on",
                notes: [
                    `Average of ${OPS} random operations in steady state: a write ` +
                        `is taken, mirrored, and flushed to both cards. What goes`,
                    `on all the time (heartbeat, polling) is included in the ` +
                        `operations, and is the last row by itself.`,
                ],
                table: table(
                    [
                        "",
                        "VM opcodes",
                        "script calls",
                        "SPI transfers",
                        "SPI bytes",
                        "Pico CPU ms",
                    ],
                    [...rows, row("a second of idling, either board", idle)],
                ),
            },
        ],
        data: { operations: costs, idleSecond: idle },
        failures: [],
    }
}
