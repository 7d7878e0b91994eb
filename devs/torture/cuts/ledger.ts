/** What each block of a volume may hold, after one board's death or both's. */
import { BLANK, GARBAGE } from "../blocks.ts"

/** A write command; all its blocks have its value. */
export interface Write {
    value: number
    lba: number
    blocks: number
    /** moments of the ledger's own clock */
    issued: number
    acked?: number
    /** it was synchronised, or acknowledged without a partner */
    isSafe: boolean
}

/** What has died since the writes. */
export interface Deaths {
    /** both boards: only what is safe is sure to be there */
    both: boolean
    /** a block whose write is not safe may be neither old nor new */
    torn: boolean
}

export class Ledger {
    private clock = 0
    private writes: Write[] = []
    private nextValue: number
    /** values that were read and synchronised: nothing before them counts */
    private readonly settled = new Map<number, Write>()

    /**
     * @param blocks from 0 on: what is written to and read at all
     * @param before the value that all blocks have
     */
    constructor(
        readonly blocks: number,
        before = BLANK,
    ) {
        this.nextValue = before + 1
        for (let lba = 0; lba < blocks; lba++) this.settle(lba, before)
    }

    issue(lba: number, blocks: number): Write {
        const issued = ++this.clock
        const value = this.nextValue++
        const write = { value, lba, blocks, issued, isSafe: false }
        this.writes.push(write)
        return write
    }

    /** @param isSafe it does not need a partner or a SYNCHRONIZE CACHE */
    acknowledge(write: Write, isSafe: boolean) {
        write.acked = ++this.clock
        write.isSafe = isSafe
    }

    /** Call when the command is sent. @returns what to call at its GOOD */
    synchronize(): () => void {
        const covered = this.writes.filter(w => w.acked !== undefined)
        return () => {
            for (const w of covered) w.isSafe = true
        }
    }

    /** The block was read, and all of the volume is synchronised. */
    settle(lba: number, value: number) {
        const at = ++this.clock
        const write = { value, lba, blocks: 1, issued: at, acked: at }
        this.settled.set(lba, { ...write, isSafe: true })
    }

    /** Values that a block may have now. */
    allowed(lba: number, deaths: Deaths): Set<number> {
        const floor = this.settled.get(lba)
        if (!floor) throw new Error(`block ${lba} is not in the ledger`)
        const all = [
            floor,
            ...this.writes.filter(
                w =>
                    w.issued > floor.issued &&
                    w.lba <= lba &&
                    lba < w.lba + w.blocks,
            ),
        ]
        const sure = all.filter(w => (deaths.both ? w.isSafe : w.acked))
        const isOld = (w: Write) =>
            sure.some(s => w.acked !== undefined && w.acked < s.issued)
        const values = all.filter(w => !isOld(w)).map(w => w.value)
        const mayBeTorn = deaths.both && deaths.torn && all.some(w => !w.isSafe)
        return new Set(mayBeTorn ? [...values, GARBAGE] : values)
    }
}
