/** What a host does all day. */
import type { Random } from "../../sim/random.ts"
import type { Region } from "./region.ts"

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
    /** some of these rests are so long */
    pause?: { chance: number; us: number }
    next(random: Random, region: Region): Step
}
