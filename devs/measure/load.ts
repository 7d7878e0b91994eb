/** Reads and writes that keep a target busy, and how it did. */
import { build, type Histogram } from "hdr-histogram-js"
import type { Initiator } from "../initiator/initiator.ts"
import { BLOCK } from "../initiator/scsi.ts"
import type { Random } from "../sim/random.ts"

export interface Load {
    kind: "write" | "read"
    order: "random" | "sequential"
    /** a command's size in blocks */
    blocks: number
    /** commands in flight */
    depth: number
}

/** How long a load is measured: whichever comes first. */
export interface Span {
    /** commands that are done before the measurement begins */
    warmOps: number
    ops?: number
    us?: number
}

export interface LoadOptions {
    load: Load
    span: Span
    /** blocks of the volume */
    volume: number
    random: Random
    /** microseconds */
    now(): number
    /** called at the first and at the last moment of the measurement */
    onBegin?(): void
    onEnd?(): void
}

export interface Outcome {
    ops: number
    us: number
    iops: number
    /** 1,000 bytes a second */
    kBps: number
    /** of single commands, in microseconds */
    latency: { p50: number; p90: number; p99: number; max: number }
}

/** A minute: no command that is answered at all takes longer. */
const MAX_LATENCY_US = 60e6

/** Keeps `depth` commands in flight until the span is over. */
export async function runLoad(
    initiator: Initiator,
    opts: LoadOptions,
): Promise<Outcome> {
    const { load, span, now } = opts
    const histogram = build({
        highestTrackableValue: MAX_LATENCY_US,
        numberOfSignificantValueDigits: 3,
    })
    const command = commandsOf(initiator, opts)
    let done = 0
    let beganAt = 0
    let endedAt = 0
    let ops = 0
    const begin = () => {
        beganAt = now()
        opts.onBegin?.()
    }
    const isOver = () =>
        ops >= (span.ops ?? Infinity) ||
        now() - beganAt >= (span.us ?? Infinity)
    if (!span.warmOps) begin()
    const worker = async () => {
        while (!endedAt) {
            const sentAt = now()
            await command()
            if (endedAt) return
            if (++done === span.warmOps) begin()
            if (done <= span.warmOps) continue
            ops++
            histogram.recordValue(now() - sentAt)
            if (!isOver()) continue
            endedAt = now()
            opts.onEnd?.()
        }
    }
    await Promise.all(Array.from({ length: load.depth }, worker))
    return outcome(load, ops, endedAt - beganAt, histogram)
}

/** What sends the next command and resolves with its answer. */
function commandsOf(initiator: Initiator, opts: LoadOptions) {
    const { blocks, kind, order } = opts.load
    const slots = Math.floor(opts.volume / blocks)
    const data = Buffer.from(opts.random.bytes(blocks * BLOCK))
    let next = 0
    return async () => {
        const slot =
            order === "random" ? opts.random.int(0, slots - 1) : next++ % slots
        const lba = slot * blocks
        const { status, sense } =
            kind === "write"
                ? await initiator.write(lba, data)
                : await initiator.read(lba, blocks)
        if (status !== 0)
            throw new Error(
                `${kind} of block ${lba} failed: sense ${sense.toString(16)}`,
            )
    }
}

function outcome(load: Load, ops: number, us: number, h: Histogram): Outcome {
    const iops = (ops * 1e6) / us
    // a percentile is the end of its bucket, which may lie past the maximum
    const at = (p: number) => Math.min(h.getValueAtPercentile(p), h.maxValue)
    return {
        ops,
        us,
        iops,
        kBps: (iops * load.blocks * BLOCK) / 1000,
        latency: {
            p50: at(50),
            p90: at(90),
            p99: at(99),
            max: h.maxValue,
        },
    }
}
