/** All small workloads, in the order in which they are run. */
import type { Workload } from "../workload.ts"
import { alone } from "./alone.ts"
import { comebacks } from "./comeback.ts"
import { format } from "./format.ts"
import { fua } from "./fua.ts"
import { newCards } from "./newcard.ts"
import { overlaps } from "./overlap.ts"
import { planned } from "./planned.ts"
import { start } from "./start.ts"
import { stop } from "./stop.ts"
import { sync } from "./sync.ts"
import { takeovers } from "./takeover.ts"
import { writes } from "./write.ts"

export const WORKLOADS: readonly Workload[] = [
    format,
    start,
    stop,
    ...writes,
    ...overlaps,
    fua,
    sync,
    ...takeovers,
    ...alone,
    ...comebacks,
    ...planned,
    ...newCards,
]

export function workloadOf(name: string): Workload {
    const workload = WORKLOADS.find(w => w.name === name)
    if (!workload) throw new Error(`no workload "${name}"`)
    return workload
}
