/** Profiles of a write and a read: rooms of `src/`, and functions. */
import type { BoardName } from "../bench/pair.ts"
import type { Program } from "../vm/program.ts"
import type { Load, Outcome } from "./load.ts"
import { MeteredPair, type Use } from "./meter.ts"
import { DOOR, Profiler, type FunctionUse } from "./profiler.ts"
import { progress, type Report, type Section } from "./report.ts"
import { table, type Cell } from "./table.ts"

const OPS = 100
const WARM_OPS = 24
const DEPTH = 8
const TOP = 40
const SEED = 3
/** A byte on the bus at 31.25 MHz. */
const BYTE_US = 8 / 31.25
const ROLES: Record<BoardName, string> = { a: "home board", b: "partner" }

export interface Profile {
    board: BoardName
    kind: Load["kind"]
    outcome: Outcome
    spent: Use
    functions: FunctionUse[]
}

/** The folder below `src`, the file when there is none, or the package. */
export function roomOf(file: string): string {
    const src = /^src\/([^/]+)/.exec(file)
    const pack = /node_modules\/(@?[^/]+\/[^/]+)/.exec(file)
    return src?.[1] ?? pack?.[1] ?? file
}

/** Runs random 4 KiB operations at board a. @returns both boards' profiles */
export async function profile(program: Program, kind: Load["kind"], ops = OPS) {
    const profiler = new Profiler(program)
    const pair = new MeteredPair(program, SEED, profiler.speed)
    const initiator = await pair.loggedIn("a")
    const load: Load = { kind, order: "random", blocks: 8, depth: DEPTH }
    const { outcome, spent } = await pair.measure(
        initiator,
        load,
        { warmOps: WARM_OPS, ops },
        {
            onBegin: () => profiler.count(true),
            onEnd: () => profiler.count(false),
        },
    )
    return (["a", "b"] as const).map((board): Profile => {
        const functions = profiler.functions(board).filter(f => f.opcodes)
        return { board, kind, outcome, spent: spent[board], functions }
    })
}

/** Milliseconds of one operation, by what they are spent on. */
function rooms({ functions, outcome, spent }: Profile) {
    const own = new Map<string, number>()
    let pins = 0
    let spiStart = 0
    for (const f of functions) {
        const room = roomOf(f.file)
        own.set(room, (own.get(room) ?? 0) + f.us)
        pins += f.pinUs
        spiStart += f.spiUs
    }
    const wire = spent.spiBytes * BYTE_US
    const rest = Math.max(0, outcome.us - spent.cpuUs - wire)
    return [
        ...[...own].sort(([, x], [, y]) => y - x),
        ["pins: chip selects, interrupt lines", pins] as const,
        ["SPI: start and end of transfers", spiStart] as const,
        ["SPI: bytes on the wire", wire] as const,
        ["idle: waits for host, partner or card", rest] as const,
    ].map(([name, us]) => ({ name, ms: us / 1000 / outcome.ops }))
}

function roomSection(kind: Load["kind"], profiles: Profile[]): Section {
    const sums = profiles.map(rooms)
    const names = [...new Set(sums.flatMap(s => s.map(r => r.name)))]
    const total = profiles[0].outcome.us / 1000 / profiles[0].outcome.ops
    const cells = (name: string): Cell[] =>
        sums.flatMap(s => {
            const ms = s.find(r => r.name === name)?.ms ?? 0
            return [ms, `${((100 * ms) / total).toFixed(1)} %`]
        })
    return {
        title: `Where a ${kind}'s time goes: 4 KiB, random, queue depth ${DEPTH}`,
        notes: [
            `Milliseconds of each board's time for each ${kind}, by room ` +
                `(folder of src/), less what the bench takes off for its door,`,
            `which is in src/board. Bytes on the wire may go along with work ` +
                `of the processor.`,
        ],
        table: table(
            ["", "home ms", "home %", "partner ms", "partner %"],
            names.map(name => [name, ...cells(name)]),
        ),
    }
}

function functionSection({ board, kind, outcome, functions }: Profile) {
    const n = outcome.ops
    const cost = (f: FunctionUse) => f.us + f.spiUs + f.pinUs
    const top = functions
        .filter(f => f.file !== DOOR)
        .sort((x, y) => cost(y) - cost(x))
        .slice(0, TOP)
    return {
        title: `Functions, ${kind}, ${ROLES[board]}: share of one ${kind}`,
        notes: [
            `SPI and pins count for the function that asks src/board for them.`,
        ],
        table: table(
            [
                "",
                "opcodes",
                "calls",
                "own µs",
                "SPI transfers",
                "SPI start µs",
                "pins µs",
            ],
            top.map(f => [
                `${f.name} ${f.file}:${f.line}`,
                f.opcodes / n,
                f.calls / n,
                f.us / n,
                f.spiTransfers / n,
                f.spiUs / n,
                f.pinUs / n,
            ]),
        ),
    }
}

/** @param withFunctions also print the functions that take the most time */
export async function measureProfile(
    program: Program,
    withFunctions: boolean,
): Promise<Report> {
    const sections: Section[] = []
    const data: unknown[] = []
    for (const kind of ["write", "read"] as const) {
        progress(`profile: ${kind}`)
        const profiles = await profile(program, kind)
        sections.push(roomSection(kind, profiles))
        if (withFunctions) sections.push(...profiles.map(functionSection))
        data.push(
            ...profiles.map(p => ({
                kind,
                board: ROLES[p.board],
                rooms: rooms(p),
            })),
        )
    }
    return { sections, data, failures: [] }
}
