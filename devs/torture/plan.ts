/** What will happen in one history: all of it follows from its seed. */
import type { BoardName, Mirroring } from "../bench/pair.ts"
import { Random } from "../sim/random.ts"
import { faults } from "./faults/index.ts"
import { profileOf, type Profile } from "./profile.ts"
import type { Region } from "./workloads/region.ts"

/** Each part has a seed of its own: without one, the others stay the same. */
export interface PlannedFault {
    name: string
    /** microseconds after the hosts have begun */
    at: number
    /** how long it lasts; 0: over at once */
    lasts: number
    seed: number
}

export interface PlannedHost {
    name: string
    target: BoardName
    workload: string
    seed: number
}

export interface Plan {
    seed: number
    profile: string
    /** how long faults come, in microseconds */
    runUs: number
    region: Region
    clockRate: Record<BoardName, number>
    /** how each volume is mirrored; sync when absent */
    mirror?: Record<BoardName, Mirroring>
    /** what interrupts and garbage collection take from each board */
    delays?: Delays
    hosts: PlannedHost[]
    faults: PlannedFault[]
}

export interface Delays {
    /** microseconds between two, on the average */
    everyUs: number
    longestUs: number
}

/** What is left of a plan: all that is not named stays as it is. */
export interface Edits {
    /** indexes of the faults that are kept, and of the hosts */
    faults?: number[]
    hosts?: number[]
    runMs?: number
    /** no interrupts, no garbage collection, clocks that agree */
    isCalm?: boolean
}

export function edited(plan: Plan, edits: Edits): Plan {
    const keep = <T>(all: T[], kept?: number[]) =>
        kept ? all.filter((_, i) => kept.includes(i)) : all
    return {
        ...plan,
        faults: keep(plan.faults, edits.faults),
        hosts: keep(plan.hosts, edits.hosts),
        ...(edits.runMs ? { runUs: edits.runMs * 1000 } : {}),
        ...(edits.isCalm
            ? { clockRate: { a: 1, b: 1 }, delays: undefined }
            : {}),
    }
}

/** Above what a flood of nonsense may write to. */
const FIRST_BLOCK = 40_000
const CRYSTAL_PPM = 100
/** USB takes a little and often, garbage collection more and seldom. */
const DELAYS: Delays[] = [
    { everyUs: 20_000, longestUs: 500 },
    { everyUs: 200_000, longestUs: 5_000 },
    { everyUs: 2e6, longestUs: 25_000 },
]
/** No fault in the first moments: a pair must be one before it breaks. */
const QUIET_US = 300_000

/** From one fault of a chain to the next. */
const IN_ORDER_LONGEST_MS = 3000

export function makePlan(seed: number, profileName: string): Plan {
    const profile = profileOf(profileName)
    const random = new Random(seed)
    const rate = () => 1 + random.int(-CRYSTAL_PPM, CRYSTAL_PPM) / 1e6
    return {
        seed,
        profile: profile.name,
        runUs: profile.runMs * 1000,
        region: planRegion(random, new Random(seed + REGION_SEED), profile),
        clockRate: { a: rate(), b: rate() },
        delays: random.pick(DELAYS),
        hosts: planHosts(random, profile),
        faults: profile.isInOrder
            ? planInOrder(random, profile)
            : planFaults(random, profile),
        ...planMirror(new Random(seed + MIRROR_SEED), profile),
    }
}

/** Dice of their own: what a seed meant before they were thrown stays. */
const REGION_SEED = 0x2a71
const MIRROR_SEED = 0x51e9
const MIRRORINGS: Mirroring[] = ["sync", "async", "none"]

/** All over what a flood leaves alone, of a volume of 32 MiB. */
const SCATTERED = { blocks: 96, scattered: { pieces: 12, apart: 2000 } }

/**
 * Most hosts fight for a few blocks. The others are far apart: what the cards
 * mark is large, and must be right for each of them.
 */
function planRegion(random: Random, more: Random, profile: Profile): Region {
    const few = {
        first: FIRST_BLOCK + random.int(0, 100),
        blocks: random.pick([8, 24, 64, 160]),
    }
    return more.chance(profile.scattered)
        ? { first: few.first, ...SCATTERED }
        : few
}

/** Most pairs mirror both volumes in step, as most users will have it. */
function planMirror(random: Random, { otherMirror }: Profile) {
    if (!random.chance(otherMirror)) return {}
    const pick = () => random.pick(MIRRORINGS)
    return { mirror: { a: pick(), b: pick() } }
}

function planHosts(random: Random, { workloads }: Profile): PlannedHost[] {
    const count = random.int(2, 5)
    return Array.from({ length: count }, (_, i) => ({
        name: `host${i + 1}`,
        // both volumes have one, at least
        target: i < 2 ? (["a", "b"] as const)[i] : random.pick(["a", "b"]),
        workload: random.pick(workloads),
        seed: random.int(1, 0x7fffffff),
    }))
}

function planFaults(random: Random, profile: Profile): PlannedFault[] {
    const [fewest, most] = profile.faults
    const count = random.int(fewest, most)
    const planned = Array.from({ length: count }, () => {
        const name = pickByRate(random, profile.rates)
        return planFault(random, name, someTime(random, profile))
    })
    crowd(random, planned)
    return planned.sort((x, y) => x.at - y.at)
}

function someTime(random: Random, { runMs }: Profile) {
    return QUIET_US + random.int(0, runMs * 800)
}

function planFault(random: Random, name: string, at: number): PlannedFault {
    const [shortest, longest] = faults.get(name)?.lastsMs ?? [0, 0]
    return {
        name,
        at,
        lasts: logUniform(random, shortest, longest) * 1000,
        seed: random.int(1, 0x7fffffff),
    }
}

/** What only a chain of faults can show. */
function planInOrder(random: Random, profile: Profile) {
    let at = someTime(random, profile)
    return Object.keys(profile.rates).map(name => {
        const fault = planFault(random, name, at)
        at += logUniform(random, 1, IN_ORDER_LONGEST_MS) * 1000
        return fault
    })
}

/** In every second history some faults come together, or close upon another. */
function crowd(random: Random, planned: PlannedFault[]) {
    if (planned.length < 2 || random.chance(0.5)) return
    const near = random.pick([100, 5_000, 50_000, 150_000, 1_500_000])
    const [first] = planned
    for (const f of planned.slice(1, random.int(2, planned.length)))
        f.at = first.at + random.int(0, near)
}

function pickByRate(random: Random, rates: Record<string, number>) {
    const sum = Object.values(rates).reduce((a, b) => a + b, 0)
    let dice = random.unit() * sum
    for (const [name, rate] of Object.entries(rates)) {
        dice -= rate
        if (dice < 0) return name
    }
    return Object.keys(rates)[0]
}

/** As many short ones as long ones. */
function logUniform(random: Random, shortest: number, longest: number) {
    if (longest === 0) return 0
    return Math.round(
        shortest * Math.exp(random.unit() * Math.log(longest / shortest)),
    )
}
