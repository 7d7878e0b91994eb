/** CMD24 and CMD25: blocks that come from the host (7.2.4). */
import { crc16 } from "./crc.ts"
import type { CardParts } from "./faults.ts"
import { SECTOR } from "./media.ts"
import { DataResponse, R2_ERROR, Token } from "./protocol.ts"

/** A block's token comes at least one byte after all else (N_WR). */
const GAP_BEFORE_TOKEN = 2

export class BlockWriter {
    private mode: "none" | "await-token" | "data" = "none"
    private isMulti = false
    /** of the block that comes next */
    private lba = 0
    /** a block was refused, and CMD12 must come */
    private isRefused = false
    /** bytes of the block that are there */
    private got = 0
    private readonly block = new Uint8Array(SECTOR + 2)
    /** R2's second byte since CMD13 last asked for it */
    private status2 = 0

    constructor(private readonly parts: CardParts) {}

    /** A write command has come, and not yet its end. */
    get isUnderWay() {
        return this.mode !== "none"
    }

    get isInBlock() {
        return this.mode === "data"
    }

    get awaitsToken() {
        return this.mode === "await-token"
    }

    takeStatus() {
        const status = this.status2
        this.status2 = 0
        return status
    }

    /** The card has lost its power. */
    forget() {
        this.mode = "none"
        this.status2 = 0
    }

    start(lba: number, multi: boolean) {
        this.mode = "await-token"
        this.isMulti = multi
        this.lba = lba
        this.isRefused = false
        this.parts.flash.isOpen = true
    }

    /** Chip select rose: a block that is cut off is void. */
    deselect() {
        if (this.isInBlock) this.mode = "await-token"
        if (this.awaitsToken && !this.isMulti) this.leave()
    }

    /** Takes bytes in the middle of a block. @returns how many */
    bulk(data: Uint8Array, from: number): number {
        const left = data.length - from
        const n = Math.min(left, this.block.length - this.got - 1)
        if (n <= 0) return 0
        this.block.set(data.subarray(from, from + n), this.got)
        this.got += n
        data.fill(0xff, from, from + n)
        return n
    }

    /**
     * A byte between blocks.
     * @param quiet bytes since the last that the card sent
     */
    tokenByte(byte: number, quiet: number, now: number) {
        // not before the command's response is out, and N_WR after it
        if (quiet < GAP_BEFORE_TOKEN) return
        if (byte === (this.isMulti ? Token.MultiBlock : Token.Block)) {
            this.mode = "data"
            this.got = 0
            return
        }
        const isOpen = this.isMulti && !this.isRefused
        if (isOpen && byte === Token.StopTran) {
            this.parts.output.set(0xff)
            this.end(now)
        }
    }

    /** A byte of a block. */
    dataByte(byte: number, now: number) {
        this.block[this.got++] = byte
        if (this.got < this.block.length) return
        const response = this.accept()
        this.parts.output.set(response)
        const ok = response === DataResponse.Accepted
        if (!this.isMulti) {
            if (ok) this.end(now)
            else this.leave()
            return
        }
        this.mode = "await-token"
        if (ok) this.lba++
        else this.isRefused = true
        const { timing, random } = this.parts
        if (ok) this.program(now, timing.streamUs(random))
    }

    /** The write is over, and what was accepted is programmed. */
    end(now: number) {
        const { timing, random } = this.parts
        this.leave()
        this.program(now, timing.programUs(random))
    }

    private leave() {
        this.mode = "none"
        this.parts.flash.isOpen = false
    }

    private program(now: number, us: number) {
        const { flash, faults } = this.parts
        flash.program(now, faults.busyUs ?? us)
        faults.busyUs = undefined
    }

    /** @returns the data response */
    private accept() {
        const { faults, identification, media } = this.parts
        const data = this.block.slice(0, SECTOR)
        const crc = (this.block[SECTOR] << 8) | this.block[SECTOR + 1]
        const isWrong = identification.isCrcOn && crc !== crc16(data)
        if (isWrong || faults.writeCrcError) {
            faults.writeCrcError = false
            return DataResponse.CrcError
        }
        if (this.isRefused) return DataResponse.WriteError
        if (faults.writeError || this.lba >= media.sectors) {
            faults.writeError = false
            this.status2 = R2_ERROR
            return DataResponse.WriteError
        }
        this.store(this.lba, data)
        return DataResponse.Accepted
    }

    private store(lba: number, data: Uint8Array) {
        const { faults, flash } = this.parts
        const { programError, lostWrite, misdirect } = faults
        faults.programError = faults.lostWrite = false
        faults.misdirect = undefined
        if (programError) this.status2 = R2_ERROR
        else if (lostWrite) flash.damaged(lba, "lost")
        else {
            flash.accept(misdirect ?? lba, data)
            faults.weakSectors?.delete(misdirect ?? lba)
            if (misdirect === undefined) return
            flash.damaged(lba, "lost")
            flash.damaged(misdirect, "misdirected")
        }
    }
}
