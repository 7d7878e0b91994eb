/** All workloads, by name. A new one is a file here and a line below. */
import { bursts } from "./bursts.ts"
import { copy } from "./copy.ts"
import { hot } from "./hot.ts"
import { idler } from "./idler.ts"
import { journal } from "./journal.ts"
import { mixed } from "./mixed.ts"
import type { Workload } from "./workload.ts"

const all: Workload[] = [copy, hot, idler, journal, mixed, bursts]

export const workloads = new Map(all.map(w => [w.name, w]))
