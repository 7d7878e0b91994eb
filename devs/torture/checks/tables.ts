/** When all hosts have logged out, nothing is in use any more. */
import { BOARD_NAMES } from "../../bench/pair.ts"
import type { Scene } from "../scene.ts"
import type { Check } from "./check.ts"

/** All of the pool's own blocks, and all tasks. */
const WHOLE: Record<string, string> = { pool: "24", tasks: "12" }

/** What is copied to a partner is in pool and log. */
function isCopying(scene: Scene) {
    return BOARD_NAMES.some(name =>
        Object.values(scene.bench.consoles[name].status).includes("resyncing"),
    )
}

export const tables: Check = {
    name: "tables",
    promise: "pool, logs, tasks and sessions are whole and empty at the end",
    needsEnd: true,
    watch: scene => () => {
        const found: string[] = []
        for (const name of BOARD_NAMES) {
            const { board } = scene.node(name)
            if (!board.isRunning || isCopying(scene)) continue
            const { status, counters } = scene.bench.consoles[name]
            if (status.sessions !== undefined && status.sessions !== "0")
                found.push(`${name}: ${status.sessions} sessions`)
            for (const [key, whole] of Object.entries(WHOLE))
                if (counters[key] !== undefined && counters[key] !== whole)
                    found.push(`${name}: ${key}=${counters[key]}`)
            for (const v of BOARD_NAMES) {
                const written = counters[`written.${v}`]
                for (const key of ["committed", "durable"])
                    if (counters[`${key}.${v}`] !== written)
                        found.push(
                            `${name}: ${key}.${v}=${counters[`${key}.${v}`]} ` +
                                `of ${written}`,
                        )
            }
        }
        return found
    },
}
