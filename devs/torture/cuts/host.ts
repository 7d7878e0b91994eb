/** A host that writes to one volume, and comes back when it must. */
import { BOARD_NAMES, type BoardName } from "../../bench/pair.ts"
import type { VirtualBench } from "../../bench/virtual.ts"
import {
    ConnectionLost,
    LoginRefused,
    type Initiator,
    type Result,
} from "../../initiator/initiator.ts"
import { BLOCK } from "../../initiator/scsi.ts"
import { blocksOf, valueOf } from "../blocks.ts"
import type { Deaths, Ledger } from "./ledger.ts"

/** Between attempts to come back. */
const RETRY_US = 10_000
/** A login that takes so long has met nobody. */
const LOGIN_US = 250_000
/** Blocks of one READ. */
const READ_BLOCKS = 8

/** The workload's window ended before its time: the power has been cut. */
export class CutOff extends Error {}

/** What a host cannot know. */
export interface Circumstances {
    /** no partner has a part in the volume: what is acknowledged is on the card */
    isAlone(): boolean
    /** the power has been cut: nobody has to be there */
    isInterrupted(): boolean
}

export class Host {
    private readonly initiator: Initiator
    private readonly volume: number
    /** will never say anything again */
    isGone = false

    constructor(
        private readonly bench: VirtualBench,
        private readonly target: BoardName,
        private readonly ledger: Ledger,
        private readonly circumstances: Circumstances,
    ) {
        this.initiator = bench.initiator(target)
        this.volume = BOARD_NAMES.indexOf(target)
    }

    /** Logs in, however often it takes, unless it is logged in. */
    async comeBack() {
        const { initiator, bench } = this
        while (!initiator.isConnected) {
            if (this.isGone) throw new ConnectionLost("switched off")
            if (this.circumstances.isInterrupted()) throw new CutOff()
            const giveUp = bench.world.after(LOGIN_US, () => initiator.abort())
            try {
                await initiator.login()
                await initiator.ready()
            } catch (e) {
                if (this.isGone) throw e
                const isUsual =
                    e instanceof ConnectionLost || e instanceof LoginRefused
                if (!isUsual) throw e
                await bench.script.sleep(RETRY_US)
            } finally {
                giveUp.cancelled = true
            }
        }
    }

    /** Does something that may be done again until the connection holds. */
    async persist<T>(action: () => Promise<T>): Promise<T> {
        for (;;) {
            await this.comeBack()
            try {
                return await action()
            } catch (e) {
                if (!(e instanceof ConnectionLost) || this.isGone) throw e
            }
        }
    }

    async write(lba: number, blocks: number, { fua = false } = {}) {
        const write = this.ledger.issue(lba, blocks)
        const values = new Array<number>(blocks).fill(write.value)
        const data = blocksOf(this.volume, lba, values)
        const r = await this.initiator.write(lba, data, fua)
        this.assertGood(r, "WRITE")
        this.ledger.acknowledge(write, fua || this.circumstances.isAlone())
    }

    async synchronize() {
        const done = this.ledger.synchronize()
        this.assertGood(await this.initiator.synchronize(), "SYNCHRONIZE CACHE")
        done()
    }

    /** All blocks of the ledger. @returns their values */
    async read(): Promise<number[]> {
        const values: number[] = []
        const { blocks } = this.ledger
        for (let lba = 0; lba < blocks; lba += READ_BLOCKS) {
            const count = Math.min(READ_BLOCKS, blocks - lba)
            const r = await this.initiator.read(lba, count)
            this.assertGood(r, "READ")
            for (let i = 0; i < count; i++)
                values.push(valueOf(r.data, i * BLOCK, this.volume, lba + i))
        }
        return values
    }

    /** Reads all blocks; each must have a value that it may have. */
    async verify(deaths: Deaths): Promise<number[]> {
        const values = await this.read()
        for (const [lba, value] of values.entries()) {
            const allowed = this.ledger.allowed(lba, deaths)
            if (!allowed.has(value))
                throw new Error(
                    `volume ${this.target} block ${lba} holds ${value}, ` +
                        `not one of ${[...allowed].join(" ")}`,
                )
        }
        return values
    }

    async logout() {
        this.isGone = true
        await this.initiator.logout()
    }

    /** Its machine is gone: nothing is said to the target. */
    abort() {
        this.isGone = true
        this.initiator.abort()
    }

    private assertGood(r: Result, what: string) {
        if (r.status)
            throw new Error(
                `${what} at ${this.target}: sense ${r.sense.toString(16)}`,
            )
    }
}
