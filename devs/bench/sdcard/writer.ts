/** CMD24 and CMD25: blocks that come from the host (7.2.4). */
import { crc16 } from "./crc.ts"
import type { CardParts } from "./faults.ts"
import { SECTOR } from "./media.ts"
import { DataResponse, R2_ERROR, Token } from "./protocol.ts"

/** A block's token comes at least one byte after all else (N_WR). */
const GAP_BEFORE_TOKEN = 2

/** A write's next block; `refused`: an earlier one was, and CMD12 must come. */
interface Writing {
    multi: boolean
    lba: number
    refused: boolean
}

type Mode =
    | { is: "none" }
    | ({ is: "await-token" } & Writing)
    | ({ is: "data"; got: number } & Writing)

export class BlockWriter {
    private mode: Mode = { is: "none" }
    private readonly block = new Uint8Array(SECTOR + 2)
    /** R2's second byte since CMD13 last asked for it */
    private status2 = 0

    constructor(private readonly parts: CardParts) {}

    /** A write command has come, and not yet its end. */
    get isUnderWay() {
        return this.mode.is !== "none"
    }

    get isInBlock() {
        return this.mode.is === "data"
    }

    get awaitsToken() {
        return this.mode.is === "await-token"
    }

    takeStatus() {
        const status = this.status2
        this.status2 = 0
        return status
    }

    /** The card has lost its power. */
    forget() {
        this.mode = { is: "none" }
        this.status2 = 0
    }

    start(lba: number, multi: boolean) {
        this.mode = { is: "await-token", multi, lba, refused: false }
        this.parts.flash.isOpen = true
    }

    /** Chip select rose: a block that is cut off is void. */
    deselect() {
        if (this.mode.is === "data")
            this.mode = { ...this.mode, is: "await-token" }
        if (this.mode.is === "await-token" && !this.mode.multi) this.leave()
    }

    /** Takes bytes in the middle of a block. @returns how many */
    bulk(data: Uint8Array, from: number): number {
        const mode = this.mode as Extract<Mode, { is: "data" }>
        const left = data.length - from
        const n = Math.min(left, this.block.length - mode.got - 1)
        if (n <= 0) return 0
        this.block.set(data.subarray(from, from + n), mode.got)
        mode.got += n
        data.fill(0xff, from, from + n)
        return n
    }

    /**
     * A byte between blocks.
     * @param quiet bytes since the last that the card sent
     */
    tokenByte(byte: number, quiet: number, now: number) {
        const mode = this.mode as Extract<Mode, { is: "await-token" }>
        // not before the command's response is out, and N_WR after it
        if (quiet < GAP_BEFORE_TOKEN) return
        if (byte === (mode.multi ? Token.MultiBlock : Token.Block))
            this.mode = { ...mode, is: "data", got: 0 }
        else if (mode.multi && byte === Token.StopTran && !mode.refused) {
            this.parts.output.set(0xff)
            this.end(now)
        }
    }

    /** A byte of a block. */
    dataByte(byte: number, now: number) {
        const mode = this.mode as Extract<Mode, { is: "data" }>
        this.block[mode.got++] = byte
        if (mode.got < this.block.length) return
        const response = this.accept(mode)
        this.parts.output.set(response)
        const ok = response === DataResponse.Accepted
        const { multi, lba } = mode
        if (!multi) {
            if (ok) this.end(now)
            else this.leave()
            return
        }
        const next = lba + (ok ? 1 : 0)
        this.mode = { is: "await-token", multi, lba: next, refused: !ok }
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
        this.mode = { is: "none" }
        this.parts.flash.isOpen = false
    }

    private program(now: number, us: number) {
        const { flash, faults } = this.parts
        flash.program(now, faults.busyUs ?? us)
        faults.busyUs = undefined
    }

    /** @returns the data response */
    private accept({ lba, refused }: Writing) {
        const { faults, identification, media } = this.parts
        const data = this.block.slice(0, SECTOR)
        const crc = (this.block[SECTOR] << 8) | this.block[SECTOR + 1]
        const isWrong = identification.isCrcOn && crc !== crc16(data)
        if (isWrong || faults.writeCrcError) {
            faults.writeCrcError = false
            return DataResponse.CrcError
        }
        if (refused) return DataResponse.WriteError
        if (faults.writeError || lba >= media.sectors) {
            faults.writeError = false
            this.status2 = R2_ERROR
            return DataResponse.WriteError
        }
        this.store(lba, data)
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
            if (misdirect === undefined) return
            flash.damaged(lba, "lost")
            flash.damaged(misdirect, "misdirected")
        }
    }
}
