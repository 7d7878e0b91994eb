/**
 * Linearizability of one block: a register whose writes all have values of
 * their own. P. B. Gibbons and E. Korach, "Testing Shared Memories", SIAM J.
 * Comput. 26(4), 1997: a write and its reads are a cluster, and clusters can
 * be put in an order if no two of them must each come before the other.
 */
import { GARBAGE } from "./blocks.ts"

/** Times in µs. */
export interface BlockOp {
    isWrite: boolean
    value: number
    start: number
    /** Infinity: never answered; it may have happened, for ever undecided */
    end: number
    who: string
}

export interface Violation {
    why: string
    /** those that show it */
    ops: BlockOp[]
}

/** A write and its reads: in any order, no other value is between them. */
interface Cluster {
    write: BlockOp
    firstEnd: BlockOp
    lastStart: BlockOp
}

export function ms(time: number) {
    return `${(time / 1000).toFixed(3)} ms`
}

export function nameOf(value: number) {
    return value === GARBAGE ? "garbage" : `${value}`
}

function isInitial(op: BlockOp) {
    return op.end === -Infinity
}

/** One cluster a value, yet without reads. */
function clustersOf(ops: BlockOp[], initial: Set<number>) {
    const clusters = new Map<number, Cluster>()
    const add = (write: BlockOp) => {
        if (clusters.has(write.value))
            throw new Error(`${write.value} is written twice`)
        clusters.set(write.value, {
            write,
            firstEnd: write,
            lastStart: write,
        })
    }
    const [start, end] = [-Infinity, -Infinity]
    for (const value of initial)
        add({ isWrite: true, value, start, end, who: "" })
    for (const op of ops) if (op.isWrite) add(op)
    return clusters
}

/** Puts a read into the cluster of its value, if it can be there. */
function addRead(
    clusters: Map<number, Cluster>,
    read: BlockOp,
): Violation | undefined {
    const cluster = clusters.get(read.value)
    if (!cluster) {
        const began = [...clusters.values()].filter(c => isInitial(c.write))
        const values = began.map(c => nameOf(c.write.value))
        const why = `${did(read)}, which nobody wrote: it began with ${
            values.join(" or ") || "nothing"
        }`
        return { why, ops: [read] }
    }
    if (read.end < cluster.write.start)
        return {
            why: `${did(read)}, before the ${did(cluster.write)}`,
            ops: [read, cluster.write],
        }
    if (read.end < cluster.firstEnd.end) cluster.firstEnd = read
    if (read.start > cluster.lastStart.start) cluster.lastStart = read
}

/** All of the first came before some of the second began. */
function mustPrecede(one: Cluster, two: Cluster) {
    return one.firstEnd.end < two.lastStart.start
}

/** Where the cluster's zone begins, be it forward or backward. */
function left(cluster: Cluster) {
    return Math.min(cluster.firstEnd.end, cluster.lastStart.start)
}

function did(op: BlockOp) {
    const kind = op.isWrite ? "write" : "read"
    const end = op.end === Infinity ? "never answered" : `to ${ms(op.end)}`
    return `${kind} of ${nameOf(op.value)} by ${op.who} at ${ms(op.start)} (${end})`
}

function was(op: BlockOp) {
    const value = nameOf(op.value)
    if (isInitial(op)) return `${value} was there at the beginning`
    return `${value} was ${op.isWrite ? "written" : "read"} by ${op.who} at ${ms(op.start)} (to ${ms(op.end)})`
}

/** What shows that both clusters come before each other. */
function conflict(one: Cluster, two: Cluster): Violation {
    const isOneFirst = one.firstEnd.end < two.firstEnd.end
    const [stale, fresh] = isOneFirst ? [one, two] : [two, one]
    const shown = [
        stale.firstEnd,
        fresh.lastStart,
        fresh.firstEnd,
        stale.lastStart,
    ]
    const ops = [...new Set(shown)].filter(op => !isInitial(op))
    const read = did(stale.lastStart)
    if (isInitial(fresh.write))
        return {
            why: `${read}, after the ${did(fresh.lastStart)}: either can have been there at the beginning, not both`,
            ops,
        }
    const superseded =
        fresh.lastStart === fresh.firstEnd
            ? ""
            : ` before the ${did(fresh.lastStart)}`
    return {
        why: `${read}, after ${was(fresh.firstEnd)}; and ${was(stale.firstEnd)}${superseded}`,
        ops,
    }
}

/**
 * A forward zone is the time in which a cluster's value must have stood: from
 * its first end to its last start. A backward zone (first end after last start)
 * is a time in which it must have stood for a moment. So no two forward zones
 * may overlap and no forward zone may have a backward one inside.
 * A write that was never answered nor seen is a backward zone without an end,
 * which is inside of none.
 */
function checkZones(clusters: Cluster[]): Violation | undefined {
    // -Infinity less itself is NaN, which sort() takes as equal
    clusters.sort((one, two) => left(one) - left(two))
    let forward: Cluster | undefined
    for (const cluster of clusters) {
        if (
            forward &&
            mustPrecede(forward, cluster) &&
            mustPrecede(cluster, forward)
        )
            return conflict(forward, cluster)
        if (mustPrecede(cluster, cluster)) forward = cluster
    }
}

/**
 * @param ops their writes have values of their own, none of them an initial one
 * @param initial values that the block may have held at the beginning: the one
 * that is seen first is the only one
 */
export function checkBlock(
    ops: BlockOp[],
    initial: Set<number>,
): Violation | undefined {
    const clusters = clustersOf(ops, initial)
    for (const op of ops) {
        if (op.isWrite || op.end === Infinity) continue
        const violation = addRead(clusters, op)
        if (violation) return violation
    }
    return checkZones([...clusters.values()])
}
