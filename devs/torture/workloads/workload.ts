/** What a host does all day. */
import type { Random } from "../../sim/random.ts"

/** Blocks that all hosts of a volume fight for. */
export interface Region {
    first: number
    blocks: number
}

export type Step =
    | { kind: "read"; lba: number; blocks: number }
    | { kind: "write"; lba: number; blocks: number; isForced: boolean }
    | { kind: "sync" }

export interface Workload {
    name: string
    /** commands in flight, at most */
    depth: number
    /** microseconds between the commands of a lane, at most */
    restUs: number
    next(random: Random, region: Region): Step
}

/** Some neighbours within a region. */
export function someOf(random: Random, region: Region, longest: number) {
    const blocks = random.int(1, Math.min(longest, region.blocks))
    const lba = region.first + random.int(0, region.blocks - blocks)
    return { lba, blocks }
}
