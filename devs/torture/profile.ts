/** Which faults come how often. */
import { faults } from "./faults/index.ts"
import type { Family } from "./faults/fault.ts"
import { workloads } from "./workloads/index.ts"

export interface Profile {
    name: string
    about: string
    /** how long faults come, in milliseconds */
    runMs: number
    /** fewest and most faults of one history */
    faults: [number, number]
    /** each fault comes once, in the order of `rates`, while the others last */
    isInOrder: boolean
    /** what hosts may do */
    workloads: string[]
    /** share of histories whose hosts work all over the volumes */
    scattered: number
    /** share of histories whose volumes are mirrored in other ways than sync */
    otherMirror: number
    /** by name of the fault: how often it is drawn, against the others */
    rates: Record<string, number>
}

const RUN_MS = 20_000
const SCATTERED_SHARE = 0.25

/**
 * What ends service, or mirroring, or takes the data out of the game, comes
 * less often: there is more to see in a pair that is one.
 */
const RARE: Record<string, number> = {
    "power-both": 0.5,
    "spi-noise": 0.1,
    "card-misdirect": 0.5,
    "card-removed": 0.5,
    "fence-stuck-low": 0.5,
    "link-cut": 0.5,
    "link-corrupt": 0.5,
    "cable-out": 0.5,
}

function of(...families: Family[]): Record<string, number> {
    const some = [...faults.values()].filter(
        f => !families.length || families.includes(f.family),
    )
    return Object.fromEntries(some.map(f => [f.name, RARE[f.name] ?? 1]))
}

function profile(
    name: string,
    about: string,
    rates: Record<string, number>,
    count: [number, number] = [1, 8],
    otherMirror = 0,
): Profile {
    return {
        name,
        about,
        runMs: RUN_MS,
        faults: count,
        isInOrder: false,
        workloads: [...workloads.keys()],
        scattered: SCATTERED_SHARE,
        otherMirror,
        rates,
    }
}

const all = [
    profile("full", "everything, alone and combined", of(), [1, 8], 0.15),
    profile(
        "modes",
        "volumes that are mirrored in step, asynchronously, or not",
        of(),
        [1, 8],
        1,
    ),
    profile("quiet", "no faults at all", {}, [0, 0]),
    profile("power", "boards that die and come back", of("power")),
    profile(
        "death",
        "boards that die while wires are bad",
        of("power", "wires"),
    ),
    profile("link", "a bad link cable", of("link", "wires")),
    profile("lan", "a bad network, and bad hosts", of("lan", "hosts")),
    profile("chips", "W5500s that forget", of("chips", "lan")),
    profile("cards", "bad cards, and losses of power", of("card", "power")),
]

export const profiles = new Map(all.map(p => [p.name, p]))

const ONLY = "only:"
const IN_ORDER = "in-order:"

/** All histories have hosts all over the volumes... */
const SCATTERED = "scattered"
/** ...or volumes that are mirrored in any way */
const MODES = "modes"

/** Name of a profile of these faults, and workloads, alone. */
export function only(names: string[], isInOrder = false) {
    return (isInOrder ? IN_ORDER : ONLY) + names.join()
}

/** @throws Error that names what there is */
export function profileOf(name: string): Profile {
    const found = profiles.get(name)
    if (found) return found
    for (const prefix of [ONLY, IN_ORDER])
        if (name.startsWith(prefix)) return onlyThese(name, prefix)
    const names = [...profiles.keys()].join(", ")
    throw new Error(
        `there is no profile "${name}"; there are: ${names}, ` +
            `and ${ONLY} or ${IN_ORDER} with names of faults and workloads`,
    )
}

function onlyThese(name: string, prefix: string): Profile {
    const names = name.slice(prefix.length).split(",").filter(Boolean)
    const some = names.filter(n => faults.has(n))
    const work = names.filter(n => workloads.has(n))
    const known = [...faults.keys(), ...workloads.keys(), SCATTERED, MODES]
    for (const n of names)
        if (!known.includes(n))
            throw new Error(
                `there is no fault or workload "${n}"; there are: ${known.join(", ")}`,
            )
    const rates = Object.fromEntries(some.map(n => [n, 1]))
    const made = profile(name, "", rates, some.length ? [1, 5] : [0, 0])
    return {
        ...made,
        isInOrder: prefix === IN_ORDER,
        workloads: work.length ? work : made.workloads,
        scattered: names.includes(SCATTERED) ? 1 : made.scattered,
        otherMirror: names.includes(MODES) ? 1 : made.otherMirror,
    }
}
