/** What the hosts saw of two volumes, and what must follow from it. */
import { BLANK, GARBAGE } from "./blocks.ts"
import { checkBlock, ms, type BlockOp, type Violation } from "./linear.ts"

/** A command of a host. Times in µs. */
export interface Op {
    host: string
    volume: number
    kind: "read" | "write"
    lba: number
    /** one a block */
    values: number[]
    start: number
    /** Infinity: unanswered */
    end: number
    /** FUA */
    isForced: boolean
}

/** A SYNCHRONIZE CACHE that was answered with GOOD. */
export interface Sync {
    host: string
    volume: number
    start: number
    end: number
}

/** A time in which one board serves a volume in one way. */
export interface Serving {
    board: "a" | "b"
    volume: number
    from: number
    /** Infinity while it serves */
    to: number
    /** takeover: with all that was acknowledged; boot: with what the cards have */
    how: "boot" | "takeover"
    /** from here on nothing is acknowledged before it is on the card */
    aloneFrom: number
    /** from here on a partner that may take over gets what is written */
    resyncFrom: number
    /** until then: the partner is back, and memory is enough again */
    aloneTo?: number
}

/** From a restart of a volume to the next: nothing acknowledged is lost in it. */
interface Segment {
    from: number
    servings: Serving[]
    /** the start of the last answered SYNCHRONIZE CACHE */
    syncedAt: number
}

interface SeenOp extends BlockOp {
    /** acknowledged, and so that no restart may lose it */
    isForced: boolean
}

/** One number for a block of a volume; an LBA has 32 bits. */
function blockKey(volume: number, lba: number) {
    return volume * 2 ** 32 + lba
}

/** The segment of that moment: the first begins at -Infinity. */
function segmentAt(segments: Segment[], time: number) {
    return segments.findLastIndex(segment => segment.from <= time)
}

/** Whether no restart may lose this answered write. */
function survives(op: Op, { servings, syncedAt }: Segment) {
    if (op.isForced || op.end <= syncedAt) return true
    const n = servings.findLastIndex(s => s.from <= op.end)
    if (n < 0 || op.start < servings[n].aloneFrom) return false
    // a partner that has caught up, and takes over, has it in its memory alone;
    // what it was brought up to date with is on its card
    const { board, resyncFrom, aloneTo = Infinity } = servings[n]
    const isTakenOver = servings.slice(n).some(s => s.board !== board)
    return op.end <= (isTakenOver ? Math.min(resyncFrom, aloneTo) : aloneTo)
}

/**
 * What a block may hold after a restart that only forced writes surely survive:
 * whatever no forced write surely came after. A sector whose programming may
 * have been cut short may be torn.
 */
function afterRestart(ops: SeenOp[], initial: Set<number>) {
    const seenBy = new Map<number, number>()
    let lastForced = -Infinity
    for (const op of ops) {
        if (op.isForced) lastForced = Math.max(lastForced, op.start)
        if (!op.isWrite)
            seenBy.set(
                op.value,
                Math.min(op.end, seenBy.get(op.value) ?? Infinity),
            )
    }
    const legal = new Set(lastForced === -Infinity ? initial : [])
    for (const op of ops) {
        if (!op.isWrite) continue
        // what was read had happened, answered or not
        const doneBy = Math.min(op.end, seenBy.get(op.value) ?? Infinity)
        if (lastForced > doneBy) continue
        legal.add(op.value)
        if (!op.isForced) legal.add(GARBAGE)
    }
    return legal
}

/** @param pieces the block's operations, segment by segment */
function checkSegments(
    name: string,
    segments: Segment[],
    pieces: SeenOp[][],
): Violation | undefined {
    let initial = new Set([BLANK])
    const writes: BlockOp[] = []
    for (let i = 0; i < segments.length; i++) {
        const violation = checkBlock(pieces[i], initial)
        if (violation) {
            const since = i
                ? ` since its restart at ${ms(segments[i].from)}`
                : ""
            const seen = new Set(violation.ops.map(op => op.value))
            const before = writes.filter(
                op => initial.has(op.value) || seen.has(op.value),
            )
            return {
                why: `${name}${since}: ${violation.why}`,
                ops: [...before, ...violation.ops],
            }
        }
        writes.push(...pieces[i].filter(op => op.isWrite))
        initial = afterRestart(pieces[i], initial)
    }
}

/**
 * A volume's servings make segments: a boot after an earlier serving is a
 * restart, over which RAM may be lost. In a segment each block must be
 * linearizable; it begins with one of the values that it may hold after the
 * restart.
 *
 * An operation is of the segment in which it was answered, for a connection
 * does not outlive a restart. One that was never answered is of the segment in
 * which it was sent and has no power after it.
 */
export class History {
    readonly ops: Op[] = []
    readonly syncs: Sync[] = []
    readonly servings: Serving[] = []
    private readonly damaged = new Set<number>()

    /** Leaves out a block that the medium or the bus damaged by itself. */
    taint(volume: number, lba: number) {
        this.damaged.add(blockKey(volume, lba))
    }

    /** How many blocks are left out. */
    get tainted() {
        return this.damaged.size
    }

    /** Whether a block is left out. */
    isTainted(volume: number, lba: number) {
        return this.damaged.has(blockKey(volume, lba))
    }

    /** How many commands are checked: with an effect, and a block not left out. */
    get operations() {
        return this.ops.filter(
            op =>
                (op.kind === "write" || op.end < Infinity) &&
                op.values.some(
                    (_, i) => !this.isTainted(op.volume, op.lba + i),
                ),
        ).length
    }

    /** @returns at most one violation a block */
    check(): Violation[] {
        const volumes = [...new Set(this.ops.map(op => op.volume))]
        return volumes.sort().flatMap(volume => this.checkVolume(volume))
    }

    private checkVolume(volume: number) {
        const segments = this.segmentsOf(volume)
        const violations: Violation[] = []
        for (const [lba, pieces] of this.blocksOf(volume, segments)) {
            const name = `volume ${"ab"[volume]} block ${lba}`
            const violation = checkSegments(name, segments, pieces)
            if (violation) violations.push(violation)
        }
        return violations
    }

    private segmentsOf(volume: number) {
        const segments: Segment[] = []
        const begin = (from: number) =>
            segments.push({ from, servings: [], syncedAt: -Infinity })
        begin(-Infinity)
        const servings = this.servings.filter(s => s.volume === volume)
        servings.sort((one, two) => one.from - two.from)
        servings.forEach((serving, i) => {
            if (i > 0 && serving.how === "boot") begin(serving.from)
            segments[segments.length - 1].servings.push(serving)
        })
        for (const sync of this.syncs) {
            if (sync.volume !== volume) continue
            const segment = segments[segmentAt(segments, sync.end)]
            segment.syncedAt = Math.max(segment.syncedAt, sync.start)
        }
        return segments
    }

    /** Each block's operations, segment by segment. */
    private blocksOf(volume: number, segments: Segment[]) {
        const blocks = new Map<number, SeenOp[][]>()
        for (const op of this.ops) {
            if (op.volume !== volume) continue
            const isWrite = op.kind === "write"
            const isAnswered = op.end < Infinity
            const n = segmentAt(segments, isAnswered ? op.end : op.start)
            const isForced = isWrite && isAnswered && survives(op, segments[n])
            op.values.forEach((value, i) => {
                const lba = op.lba + i
                if (this.isTainted(volume, lba)) return
                let pieces = blocks.get(lba)
                if (!pieces) blocks.set(lba, (pieces = segments.map(() => [])))
                const { start, end, host: who } = op
                pieces[n].push({ isWrite, value, start, end, who, isForced })
            })
        }
        return blocks
    }
}
