/** CMD17 and CMD18: blocks on their way to the host (7.2.3). */
import type { CardParts } from "./faults.ts"
import { SECTOR } from "./media.ts"
import { Token } from "./protocol.ts"

export class BlockReader {
    private next?: { lba: number; multi: boolean; readyAt: number }
    /** CMD18 has come, and CMD12 has not */
    isStreaming = false

    constructor(private readonly parts: CardParts) {}

    /** A block is to come. */
    get isUnderWay() {
        return this.isStreaming || !!this.next
    }

    start(lba: number, multi: boolean, now: number) {
        const { timing, random } = this.parts
        this.next = { lba, multi, readyAt: now + timing.accessUs(random) }
        this.isStreaming = multi
    }

    /** CMD12, or a loss of power. */
    stop() {
        this.next = undefined
        this.isStreaming = false
    }

    isReady(now: number) {
        return !!this.next && now >= this.next.readyAt
    }

    sendBlock(now: number) {
        const { lba, multi } = this.next!
        const { output, timing, random, flash } = this.parts
        this.next = undefined
        output.clear()
        const error = this.errorToken(lba)
        if (error !== undefined) return output.set(error)
        output.addBlock(flash.read(lba), 1)
        this.disturb()
        if (!multi) return
        const gap = timing.readGapUs(random)
        this.next = { lba: lba + 1, multi, readyAt: now + gap }
    }

    private errorToken(lba: number): number | undefined {
        const { faults, media } = this.parts
        const { readError, errorToken, badSector, weakSectors } = faults
        const isBad = badSector === lba || weakSectors?.has(lba)
        if (readError || errorToken !== undefined || isBad) {
            faults.readError = false
            faults.errorToken = undefined
            return errorToken ?? Token.ErrorGeneral
        }
        return lba >= media.sectors ? Token.ErrorRange : undefined
    }

    private disturb() {
        const { faults, output, random } = this.parts
        if (!faults.readCrcError) return
        faults.readCrcError = false
        output.flipDataBit(random.int(0, SECTOR * 8 - 1))
    }
}
