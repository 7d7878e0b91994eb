/**
 * Linearizability by trying: J. M. Wing and C. Gong, "Testing and Verifying
 * Concurrent Objects", J. Parallel Distrib. Comput. 17, 1993. Exponential, so
 * for small histories, and sharing no thought with what it is to check.
 */
import type { BlockOp } from "../../devs/torture/linear.ts"

/** @returns whether the ops can be put in an order that a register explains */
export function isLinearizable(ops: BlockOp[], initial: Set<number>) {
    const candidates = ops.filter(op => op.isWrite || op.end < Infinity)
    const dead = new Set<string>()

    /** Whether the ops not yet in `done` can follow, the register at `held`. */
    const canFollow = (done: number, held: number | undefined): boolean => {
        const rest = candidates.filter((_, i) => !(done & (1 << i)))
        if (rest.every(op => op.end === Infinity)) return true
        const state = `${done} ${held}`
        if (dead.has(state)) return false
        const found = candidates.some((op, i) => {
            if (done & (1 << i)) return false
            if (rest.some(other => other.end < op.start)) return false
            if (!op.isWrite && op.value !== held) return false
            return canFollow(done | (1 << i), op.value)
        })
        if (!found) dead.add(state)
        return found
    }

    const beginnings = initial.size ? [...initial] : [undefined]
    return beginnings.some(held => canFollow(0, held))
}
