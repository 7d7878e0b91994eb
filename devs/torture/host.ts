/**
 * A host under torture: it works as its workload says, comes back whenever its
 * connection is lost, and writes down what it asked and what it was told.
 */
import type { Host } from "../bench/net/host.ts"
import type { BoardName } from "../bench/pair.ts"
import type { VirtualBench } from "../bench/virtual.ts"
import {
    CommandAborted,
    ConnectionLost,
    LoginRefused,
    type Initiator,
    type Result,
} from "../initiator/initiator.ts"
import type { Random } from "../sim/random.ts"
import { blocksOf, valueOf } from "./blocks.ts"
import type { History, Op } from "./history.ts"
import { piecesOf, type Piece, type Region } from "./workloads/region.ts"
import type { Step, Workload } from "./workloads/workload.ts"

/** Between attempts to come back. */
const RETRY_US = 25_000
/** A host gives up a connection that says nothing for so long. */
const PATIENCE_US = 3e6
const UNIT_ATTENTION = 0x06
const BLOCK = 512
/** of one read, when all is read */
const READ_BLOCKS = 8

/** RFC 7143, 11.5.1 */
export enum TaskManagement {
    AbortTask = 1,
    AbortTaskSet = 2,
    LogicalUnitReset = 5,
}

export interface HostOptions {
    name: string
    target: BoardName
    region: Region
    workload: Workload
    history: History
    random: Random
    /** a number that no other write of this history has */
    nextValue(): number
}

/** What a target has told a host that it should not have to tell. */
export interface HostError {
    at: number
    sense: number
    kind: Step["kind"]
}

export class TortureHost {
    readonly name: string
    /** its network port */
    readonly station: Host
    private readonly volume: number
    private isStopping = false
    private initiator: Initiator
    private readonly initiators: Initiator[] = []
    /** counts sessions: lanes of an earlier one end */
    private session = 0
    /** commands that were answered GOOD, and when the last one was */
    answered = 0
    lastAt = 0
    /** virtual microseconds between two of them, at most */
    longestPause = 0
    /** connections that ended before they should */
    losses = 0
    readonly errors: HostError[] = []

    constructor(
        private readonly bench: VirtualBench,
        private readonly opts: HostOptions,
    ) {
        this.name = opts.name
        this.volume = opts.target === "a" ? 0 : 1
        this.station = bench.host()
        this.initiator = this.makeInitiator()
    }

    private makeInitiator() {
        const name = `iqn.2026-11.com.example:${this.name}`
        const { target } = this.opts
        const made = this.bench.initiator(target, { name }, this.station)
        this.initiators.push(made)
        return made
    }

    /** What came on its connections that no target sends. */
    get garbled() {
        return this.initiators.reduce((sum, i) => sum + i.garbled, 0)
    }

    get target() {
        return this.opts.target
    }

    /** Its connection, for faults. */
    get connection() {
        return this.initiator
    }

    /** Works until stopped. */
    async run() {
        while (!this.isStopping) {
            try {
                await this.patiently(this.initiator.login())
                await this.patiently(this.initiator.ready())
                await this.work(++this.session)
                await this.patiently(this.initiator.logout())
            } catch (e) {
                // its own task management may have ended its first command
                const isOver =
                    e instanceof ConnectionLost ||
                    e instanceof LoginRefused ||
                    e instanceof CommandAborted
                if (!isOver) throw e
                this.initiator.abort()
                this.session++
                this.losses++
                await this.bench.script.sleep(RETRY_US)
            }
        }
    }

    stop() {
        this.isStopping = true
    }

    /**
     * Task management: what it ends is never answered.
     * @param tag of the command to abort
     */
    async manage(fn: TaskManagement, tag?: number) {
        const { initiator } = this
        // what is sent from now on is behind it, and will be answered
        const tags = tag === undefined ? initiator.tags : [tag]
        try {
            await this.patiently(initiator.manage(fn, tag))
            initiator.forgetCommands(tags)
        } catch (e) {
            if (!(e instanceof ConnectionLost)) throw e
        }
    }

    /** Reads all of the region, over a connection of its own. */
    async readAll() {
        const reads = piecesOf(this.opts.region).flatMap(readsOf)
        let done = 0
        // until now it has rested, not waited
        this.lastAt = this.bench.world.now
        while (done < reads.length) {
            try {
                this.initiator = this.makeInitiator()
                await this.patiently(this.initiator.login())
                await this.patiently(this.initiator.ready())
                for (; done < reads.length; done++)
                    await this.carryOut(reads[done])
                await this.patiently(this.initiator.logout())
            } catch (e) {
                // a volume that is given back is found at its home again
                if (!(e instanceof ConnectionLost)) throw e
                this.initiator.abort()
                await this.bench.script.sleep(RETRY_US)
            }
        }
    }

    private async work(session: number) {
        const { depth } = this.opts.workload
        const lanes = Array.from({ length: depth }, () => this.lane(session))
        await Promise.all(lanes)
    }

    private async lane(session: number) {
        const { workload, random, region } = this.opts
        while (!this.isStopping && session === this.session) {
            await this.carryOut(workload.next(random, region)).catch(
                (e: unknown) => {
                    if (!(e instanceof CommandAborted)) throw e
                },
            )
            const { pause } = workload
            const rest =
                pause && random.chance(pause.chance)
                    ? pause.us
                    : random.int(0, workload.restUs)
            if (rest) await this.bench.script.sleep(rest)
        }
    }

    private async carryOut(step: Step) {
        if (step.kind === "sync") await this.synchronize()
        else if (step.kind === "read") await this.read(step)
        else await this.write(step)
    }

    private async synchronize() {
        const start = this.bench.world.now
        const r = await this.patiently(this.initiator.synchronize())
        if (!this.isGood(r, "sync")) return
        const { history, name } = this.opts
        const end = this.bench.world.now
        history.syncs.push({ host: name, volume: this.volume, start, end })
    }

    private async read(step: Extract<Step, { kind: "read" }>) {
        const op = this.begin("read", step.lba, [], false)
        const r = await this.patiently(
            this.initiator.read(step.lba, step.blocks),
        )
        if (!this.isGood(r, "read")) return
        for (let i = 0; i < step.blocks; i++)
            op.values.push(
                valueOf(r.data, i * BLOCK, this.volume, step.lba + i),
            )
        op.end = this.bench.world.now
    }

    private async write(step: Extract<Step, { kind: "write" }>) {
        const { lba, isForced } = step
        const values = Array.from({ length: step.blocks }, () =>
            this.opts.nextValue(),
        )
        const op = this.begin("write", lba, values, isForced)
        const data = blocksOf(this.volume, lba, values)
        const r = await this.patiently(
            this.initiator.write(lba, data, isForced),
        )
        // what ended with an error may have been written in part
        if (this.isGood(r, "write")) op.end = this.bench.world.now
    }

    private begin(
        kind: Op["kind"],
        lba: number,
        values: number[],
        isForced: boolean,
    ): Op {
        const op: Op = {
            host: this.name,
            volume: this.volume,
            kind,
            lba,
            values,
            start: this.bench.world.now,
            end: Infinity,
            isForced,
        }
        this.opts.history.ops.push(op)
        return op
    }

    private isGood(r: Result, kind: Step["kind"]) {
        if (r.status === 0) {
            const { now } = this.bench.world
            const pause = this.answered++ ? now - this.lastAt : 0
            this.longestPause = Math.max(this.longestPause, pause)
            this.lastAt = now
            return true
        }
        if (r.sense >> 16 !== UNIT_ATTENTION)
            this.errors.push({
                at: this.bench.world.now,
                sense: r.sense,
                kind,
            })
        return false
    }

    /** Gives the connection up when nothing comes for too long. */
    private async patiently<T>(answer: Promise<T>): Promise<T> {
        const { initiator } = this
        const listen = () => {
            const { heard } = initiator
            return this.bench.world.after(PATIENCE_US, () => {
                if (initiator.heard === heard) initiator.abort()
                else giveUp = listen()
            })
        }
        let giveUp = listen()
        try {
            return await answer
        } finally {
            giveUp.cancelled = true
        }
    }
}

/** Reads that cover a piece. */
function readsOf({ first, blocks }: Piece): Step[] {
    const reads: Step[] = []
    for (let at = 0; at < blocks; at += READ_BLOCKS)
        reads.push({
            kind: "read",
            lba: first + at,
            blocks: Math.min(READ_BLOCKS, blocks - at),
        })
    return reads
}
