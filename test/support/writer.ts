/**
 * A host that writes blocks of unique values to a volume, loses its connection,
 * comes back, and knows at any time what each block may hold.
 */
import assert from "node:assert/strict"
import { BOARD_NAMES, type BoardName } from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import {
    ConnectionLost,
    type Initiator,
} from "../../devs/initiator/initiator.ts"
import { BLOCK } from "../../devs/initiator/scsi.ts"
import type { Random } from "../../devs/sim/random.ts"

export interface WriterOptions {
    target: BoardName
    /** the region that this host alone writes to */
    first: number
    blocks: number
    /** commands in flight */
    depth: number
    /** blocks of the longest write */
    longest: number
    fua?: boolean
    /** also reads what it has written */
    reads?: boolean
    /** virtual microseconds between the commands of a lane */
    restUs?: number
    /** both cards lose power: a sector that was being written may be torn */
    mayTear?: boolean
}

/** Where the volumes begin on a card, and their size in a `VirtualBench`. */
const FIRST_VOLUME_LBA = 2048
const VOLUME_BLOCKS = 32 * 2048

/** Between attempts to come back. */
const RETRY_US = 20_000
/** A host gives up a connection that says nothing for so long. */
const PATIENCE_US = 3e6

/** A block with its own address and a value, repeated. */
function fill(data: Buffer, at: number, lba: number, value: number) {
    for (let i = at; i < at + BLOCK; i += 8) {
        data.writeUInt32LE(lba, i)
        data.writeUInt32LE(value, i + 4)
    }
}

/** @returns the value of a block that is whole */
function valueOf(data: Buffer, at: number, lba: number): number | undefined {
    const value = data.readUInt32LE(at + 4)
    const whole = Buffer.alloc(BLOCK)
    fill(whole, 0, lba, value)
    const blank =
        value === 0 && data.subarray(at, at + BLOCK).every(b => b === 0)
    return blank || whole.equals(data.subarray(at, at + BLOCK))
        ? value
        : undefined
}

/** UNIT ATTENTION, BUS DEVICE RESET FUNCTION OCCURRED */
const UNIT_RESET = 0x062903

let nextValue = 1

export class Writer {
    /** last acknowledged value of each block */
    private readonly acked: number[]
    /** values that were written after it, and may or may not be there */
    private readonly pending: Set<number>[]
    private readonly busy = new Set<number>()
    private isStopping = false
    private initiator: Initiator
    /** acknowledged writes */
    count = 0
    /** virtual microseconds of the last one, and the longest pause between two */
    lastAt = 0
    longestPause = 0
    /** sessions that ended before they should */
    losses = 0

    constructor(
        private readonly bench: VirtualBench,
        private readonly random: Random,
        private readonly opts: WriterOptions,
    ) {
        this.acked = new Array<number>(opts.blocks).fill(0)
        this.pending = this.acked.map(() => new Set())
        this.initiator = bench.initiator(opts.target)
    }

    /** Writes until stopped; comes back whenever the connection is lost. */
    async run() {
        this.isStopping = false
        this.lastAt = this.bench.world.now
        while (!this.isStopping) {
            let isIn = false
            try {
                // a board may die with what it was asked
                const giveUp = this.patience()
                try {
                    await this.initiator.login()
                    await this.initiator.ready()
                } finally {
                    giveUp.cancelled = true
                }
                isIn = true
                const lanes = Array.from({ length: this.opts.depth }, () =>
                    this.lane(),
                )
                await Promise.all(lanes)
                await this.initiator.logout()
            } catch (e) {
                if (!(e instanceof ConnectionLost)) throw e
                if (isIn) this.losses++
                await this.bench.script.sleep(RETRY_US)
            }
        }
    }

    stop() {
        this.isStopping = true
    }

    private async lane() {
        while (!this.isStopping) {
            if (this.opts.reads && this.random.chance(0.3))
                await this.readSome()
            else await this.writeSome()
            if (this.opts.restUs)
                await this.bench.script.sleep(this.opts.restUs)
        }
    }

    private async readSome() {
        const { first, blocks, longest, target } = this.opts
        const count = this.random.int(1, longest)
        const at = this.free(blocks, count)
        const { initiator } = this
        const giveUp = this.patience()
        for (let i = at; i < at + count; i++) this.busy.add(i)
        try {
            const r = await initiator.read(first + at, count)
            assert.equal(r.status, 0, `read: sense ${r.sense.toString(16)}`)
            this.check(r.data, at, count, `at ${target}'s address`)
        } finally {
            giveUp.cancelled = true
            for (let i = at; i < at + count; i++) this.busy.delete(i)
        }
    }

    /** The connection is given up when nothing comes, unless this is cancelled. */
    private patience() {
        const { initiator } = this
        const giveUp = { cancelled: false }
        const wait = () => {
            const { heard } = initiator
            this.bench.world.after(PATIENCE_US, () => {
                if (giveUp.cancelled) return
                if (initiator.heard === heard) initiator.abort()
                else wait()
            })
        }
        wait()
        return giveUp
    }

    private async writeSome() {
        const { first, blocks, longest, fua } = this.opts
        const count = this.random.int(1, longest)
        const at = this.free(blocks, count)
        const data = Buffer.alloc(count * BLOCK)
        const values: number[] = []
        for (let i = 0; i < count; i++) {
            const value = nextValue++
            values.push(value)
            fill(data, i * BLOCK, first + at + i, value)
            this.pending[at + i].add(value)
            this.busy.add(at + i)
        }
        const { initiator } = this
        const giveUp = this.patience()
        try {
            let r = await initiator.write(first + at, data, fua)
            // another host may have reset the unit
            if (r.sense === UNIT_RESET)
                r = await initiator.write(first + at, data, fua)
            assert.equal(r.status, 0, `write: sense ${r.sense.toString(16)}`)
            for (let i = 0; i < count; i++) {
                this.acked[at + i] = values[i]
                this.pending[at + i].clear()
            }
            const { now } = this.bench.world
            this.longestPause = Math.max(this.longestPause, now - this.lastAt)
            this.lastAt = now
            this.count++
        } finally {
            giveUp.cancelled = true
            for (let i = 0; i < count; i++) this.busy.delete(at + i)
        }
    }

    /** A run of blocks that no command in flight writes to. */
    private free(blocks: number, count: number): number {
        for (;;) {
            const at = this.random.int(0, blocks - count)
            let isFree = true
            for (let i = at; i < at + count; i++)
                if (this.busy.has(i)) isFree = false
            if (isFree) return at
        }
    }

    /** Reads all of the region back, over a connection of its own. */
    async verify() {
        const { first, blocks, target } = this.opts
        let at = 0
        while (at < blocks) {
            const initiator = this.bench.initiator(target)
            try {
                await initiator.login()
                await initiator.ready()
                for (; at < blocks; at += 8) {
                    const count = Math.min(8, blocks - at)
                    const r = await initiator.read(first + at, count)
                    const sense = r.sense.toString(16)
                    assert.equal(r.status, 0, `read: sense ${sense}`)
                    this.check(r.data, at, count, `at ${target}'s address`)
                }
                await initiator.logout()
            } catch (e) {
                // the volume was given back meanwhile
                if (!(e instanceof ConnectionLost)) throw e
                await this.bench.script.sleep(10_000)
            }
        }
    }

    /** The region as it is on both cards now. */
    checkCards() {
        const { first, blocks, target } = this.opts
        const start = FIRST_VOLUME_LBA + (target === "b" ? VOLUME_BLOCKS : 0)
        for (const name of BOARD_NAMES) {
            const media = this.bench.media[name]
            for (let at = 0; at < blocks; at++) {
                const data = Buffer.from(media.read(start + first + at))
                this.check(data, at, 1, `on ${name}'s card`)
            }
        }
    }

    /** Blocks as they were read must hold what they may hold. */
    check(data: Buffer, at: number, count: number, seen: string) {
        const { first } = this.opts
        for (let i = 0; i < count; i++) {
            const lba = first + at + i
            const value = valueOf(data, i * BLOCK, lba)
            if (value === undefined) {
                assert.ok(
                    this.opts.mayTear && this.pending[at + i].size > 0,
                    `block ${lba} is torn or not its own ${seen}`,
                )
                continue
            }
            assert.ok(
                value === this.acked[at + i] || this.pending[at + i].has(value),
                `block ${lba} ${seen} holds ${value}; acknowledged ` +
                    `${this.acked[at + i]}, unanswered ` +
                    `${[...this.pending[at + i]].join(" ") || "none"}`,
            )
        }
    }
}

const REGION = { first: 0, blocks: 200, depth: 4, longest: 12 }

/** A host that writes to one board's volume. */
export function writerOf(
    bench: VirtualBench,
    target: BoardName,
    options: Partial<WriterOptions> = {},
) {
    const random = bench.random.fork()
    return new Writer(bench, random, { ...REGION, ...options, target })
}

/** A host for each of both volumes. */
export function writersOfBoth(
    bench: VirtualBench,
    options: Partial<WriterOptions> = {},
) {
    return BOARD_NAMES.map(target => writerOf(bench, target, options))
}
