/**
 * An SD card in SPI mode, after the SD Physical Layer Simplified
 * Specification 6.00, chapter 7.
 */
import type { Random } from "../../sim/random.ts"
import type { World } from "../../sim/world.ts"
import type { BoardChip } from "../board.ts"
import { crc16, crc7 } from "./crc.ts"
import { Flash, type FlashOptions } from "./flash.ts"
import { SECTOR, type Media } from "./media.ts"
import { Identification } from "./identification.ts"
import { Output } from "./output.ts"
import {
    DataResponse,
    IN_IDLE,
    IN_TRANSFER,
    R1,
    R2_ERROR,
    Token,
} from "./protocol.ts"
import { cid, csd, scr, switchStatus } from "./registers.ts"
import type { CardTiming } from "./timing.ts"

/** A block's token comes at least one byte after all else (N_WR). */
const GAP_BEFORE_TOKEN = 2
/** What may go wrong next; each is used up once. */
export interface CardFaults {
    /** the next data block is refused with a write error */
    writeError?: boolean
    /** the next data block is programmed, but badly: CMD13 tells */
    programError?: boolean
    /** the next block read is an error token */
    readError?: boolean
    /** this sector cannot be read any more, ever */
    badSector?: number
    /** the next programming takes so long */
    busyUs?: number
}

/** A write's next block; `refused`: an earlier one was, and CMD12 must come. */
interface Writing {
    multi: boolean
    lba: number
    refused: boolean
}

type Mode =
    | { is: "command" }
    | ({ is: "await-token" } & Writing)
    | ({ is: "data"; got: number } & Writing)

export interface CardOptions extends FlashOptions {
    timing: CardTiming
    /** block addressing (SDHC, SDXC) or byte addressing (SDSC) */
    highCapacity?: boolean
    highSpeed?: boolean
}

export class SdCard implements BoardChip {
    faults: CardFaults = {}
    /** the board's: something that firmware may wait for has changed */
    onNews = () => {}
    private readonly flash: Flash

    private isPowered = false
    private isPresent = true
    /** the board's time */
    clock: () => number
    /** time at the byte that is being exchanged */
    private now = 0
    private readonly isBlockAddressed: boolean
    private readonly hasHighSpeed: boolean
    private readonly identification: Identification
    private appCommand = false
    private mode: Mode = { is: "command" }
    private command: number[] = []
    private readonly output = new Output()
    /** bytes since the last that the card sent, busy or not */
    private quiet = 0
    private block = new Uint8Array(SECTOR + 2)
    private reading?: { lba: number; multi: boolean; readyAt: number }
    /** CMD18 has come, and CMD12 has not */
    private isStreaming = false
    private status2 = 0

    constructor(
        world: World,
        readonly media: Media,
        private readonly random: Random,
        private readonly opts: CardOptions,
    ) {
        this.clock = () => world.now
        this.flash = new Flash(world, media, random, opts, () => this.onNews())
        this.isBlockAddressed = opts.highCapacity ?? true
        this.hasHighSpeed = opts.highSpeed ?? true
        this.identification = new Identification(
            {
                isBlockAddressed: this.isBlockAddressed,
                hasHighSpeed: this.hasHighSpeed,
                initUs: opts.timing.initUs,
            },
            random,
        )
    }

    /** counted since the card was made */
    get stats() {
        return this.flash.stats
    }

    get present() {
        return this.isPresent
    }

    /** Takes the card out, or puts it in. */
    set present(on: boolean) {
        if (on === this.isPresent) return
        if (!on) this.flash.losePower(this.clock())
        this.isPresent = on
        this.powerUp()
        this.onNews()
    }

    powered(on: boolean) {
        if (!on) this.flash.losePower(this.clock())
        this.isPowered = on
        this.powerUp()
    }

    private powerUp() {
        this.identification.reset()
        this.appCommand = false
        this.mode = { is: "command" }
        this.command = []
        this.output.clear()
        this.reading = undefined
        this.isStreaming = false
        this.status2 = 0
        this.flash.forget()
    }

    /// SPI ///

    select(selected: boolean) {
        if (selected) return
        // a command, response or block that is cut off is void
        this.command = []
        this.output.clear()
        if (this.mode.is === "data")
            this.mode = { ...this.mode, is: "await-token" }
        if (this.mode.is === "await-token" && !this.mode.multi)
            this.leaveWrite()
    }

    idleClocks(bytes: number) {
        this.identification.clocks(bytes)
    }

    exchange(data: Uint8Array, hz: number) {
        const isThere = this.isPowered && this.isPresent
        if (!isThere || !this.identification.canFollow(hz)) {
            data.fill(0xff)
            return
        }
        this.now = Math.max(this.now, this.clock())
        const byteUs = 8e6 / hz
        for (let i = 0; i < data.length;) {
            const run = this.bulk(data, i)
            if (run) {
                i += run
                this.now += run * byteUs
                continue
            }
            const sent = data[i]
            data[i++] = this.nextOutput()
            this.now += byteUs
            this.input(sent)
        }
    }

    /** Bytes in the middle of a data block, all at once. */
    private bulk(data: Uint8Array, from: number): number {
        const left = data.length - from
        if (this.mode.is === "data" && this.output.left === 0) {
            const n = Math.min(left, this.block.length - this.mode.got - 1)
            if (n <= 0) return 0
            this.block.set(data.subarray(from, from + n), this.mode.got)
            this.mode.got += n
            data.fill(0xff, from, from + n)
            return n
        }
        if (this.mode.is !== "command" || this.command.length) return 0
        return this.output.bulk(data, from)
    }

    private get busy() {
        return this.flash.isBusy(this.now)
    }

    private nextOutput() {
        const isReadyToSend = this.reading && this.now >= this.reading.readyAt
        if (this.output.left === 0 && !this.busy && isReadyToSend)
            this.sendBlock()
        if (this.output.left === 0 && !this.busy) {
            this.quiet++
            return 0xff
        }
        this.quiet = 0
        return this.output.left ? this.output.next() : 0x00
    }

    private input(byte: number) {
        if (this.mode.is === "data") return this.dataByte(byte)
        if (this.busy) return // commands while busy are not heard
        this.flash.settle(this.now)
        const begins = (byte & 0xc0) === 0x40
        if (this.command.length === 0 && !begins) {
            if (this.mode.is === "await-token") this.tokenByte(byte, this.mode)
            return
        }
        this.command.push(byte)
        if (this.command.length === 6) {
            const c = this.command
            this.command = []
            this.execute(c)
        }
    }

    private send(...bytes: number[]) {
        this.output.set(...this.gap(), ...bytes)
    }

    /** N_CR: 1 to 8 bytes between a command and its response. */
    private gap(): number[] {
        return Array(this.random.int(1, 8)).fill(0xff)
    }

    /** Adds the contents of a register to what is being sent. */
    private sendRegister(payload: Uint8Array) {
        this.output.addBlock(payload, this.random.int(1, 8))
    }

    /// Commands ///

    private get r1() {
        return this.identification.isInitialised ? 0 : R1.Idle
    }

    private execute(bytes: number[]) {
        const index = bytes[0] & 0x3f
        const arg =
            ((bytes[1] << 24) |
                (bytes[2] << 16) |
                (bytes[3] << 8) |
                bytes[4]) >>>
            0
        const isApp = this.appCommand
        this.appCommand = false
        const hasGoodCrc = crc7(bytes.slice(0, 5)) === bytes[5]
        const { inSpiMode, isAwake, isCrcOn } = this.identification
        if (!inSpiMode && !(index === 0 && isAwake && hasGoodCrc)) return
        const wantsCrc = isCrcOn || index === 0 || index === 8
        if (wantsCrc && !hasGoodCrc) return this.send(this.r1 | R1.CrcError)
        const handler =
            (isApp ? this.appCommands[index] : undefined) ??
            this.commands[index]
        if (!handler || !this.isAllowed(index, isApp))
            return this.send(this.r1 | R1.IllegalCommand)
        handler(arg)
    }

    private isAllowed(index: number, isApp: boolean) {
        const isBusyWithData = this.mode.is !== "command" || this.isStreaming
        if (isBusyWithData) return IN_TRANSFER.has(index)
        if (this.identification.isInitialised) return true
        return isApp ? index === 41 : IN_IDLE.has(index)
    }

    private readonly appCommands: Record<number, (arg: number) => void> = {
        13: () => {
            this.send(this.r1, 0)
            this.sendRegister(new Uint8Array(64))
        },
        23: () => this.send(this.r1),
        41: arg => {
            this.identification.sendOpCond(arg, this.now)
            this.send(this.r1)
        },
        51: () => {
            this.send(this.r1)
            this.sendRegister(scr())
        },
    }

    private readonly commands: Record<number, (arg: number) => void> = {
        0: () => {
            // a write that is reset ends as one without power does
            this.flash.losePower(this.now)
            this.powerUp()
            this.identification.inSpiMode = true
            this.send(R1.Idle)
        },
        6: arg => {
            this.send(this.r1)
            const result = this.identification.switchFunction(arg)
            this.sendRegister(switchStatus(this.hasHighSpeed, result))
        },
        8: arg => {
            const voltage = this.identification.sendIfCond(arg)
            this.send(this.r1, 0, 0, voltage, arg & 255)
        },
        9: () => {
            this.send(this.r1)
            this.sendRegister(csd(this.media.sectors, this.isBlockAddressed))
        },
        10: () => {
            this.send(this.r1)
            this.sendRegister(cid())
        },
        12: () => this.stop(),
        13: () => {
            this.send(this.r1, this.status2)
            this.status2 = 0
        },
        16: arg => this.send(arg === SECTOR ? this.r1 : R1.ParameterError),
        17: arg => this.startRead(arg, false),
        18: arg => this.startRead(arg, true),
        24: arg => this.startWrite(arg, false),
        25: arg => this.startWrite(arg, true),
        55: () => {
            this.appCommand = true
            this.send(this.r1)
        },
        58: () => {
            const ccs = this.isBlockAddressed ? 0x40 : 0
            const ready = this.identification.isInitialised ? 0x80 | ccs : 0
            this.send(this.r1, ready, 0xff, 0x80, 0x00)
        },
        59: arg => {
            this.identification.isCrcOn = (arg & 1) === 1
            this.send(this.r1)
        },
    }

    private lbaOf(arg: number): number | undefined {
        const lba = this.isBlockAddressed ? arg : arg / SECTOR
        return Number.isInteger(lba) && lba < this.media.sectors
            ? lba
            : undefined
    }

    /** CMD12: ends a read or a write; the card may be busy then (R1b). */
    private stop() {
        const { timing } = this.opts
        if (this.mode.is === "await-token") {
            this.endWrite()
            this.send(this.r1)
        } else if (this.isStreaming || this.reading || this.output.left) {
            this.reading = undefined
            this.isStreaming = false
            // whatever the card was about to send comes first: a stuff byte
            const stuff = this.random.int(0, 0xff)
            this.output.set(stuff, ...this.gap(), this.r1)
            this.flash.stayBusy(this.now, timing.stopUs(this.random))
        } else this.send(this.r1 | R1.IllegalCommand)
    }

    /// Reading ///

    private startRead(arg: number, multi: boolean) {
        const lba = this.lbaOf(arg)
        if (lba === undefined) return this.send(this.r1 | R1.ParameterError)
        this.send(this.r1)
        const readyAt = this.now + this.opts.timing.accessUs(this.random)
        this.reading = { lba, multi, readyAt }
        this.isStreaming = multi
    }

    private sendBlock() {
        const r = this.reading!
        this.reading = undefined
        this.output.clear()
        if (this.faults.readError || this.faults.badSector === r.lba) {
            this.faults.readError = false
            this.output.set(Token.ErrorGeneral)
            return
        }
        if (r.lba >= this.media.sectors) {
            this.output.set(Token.ErrorRange)
            return
        }
        this.output.addBlock(this.flash.read(r.lba), 1)
        if (!r.multi) return
        const gap = this.opts.timing.readGapUs(this.random)
        this.reading = { lba: r.lba + 1, multi: true, readyAt: this.now + gap }
    }

    /// Writing ///

    private startWrite(arg: number, multi: boolean) {
        const lba = this.lbaOf(arg)
        if (lba === undefined) return this.send(this.r1 | R1.ParameterError)
        this.send(this.r1)
        this.mode = { is: "await-token", multi, lba, refused: false }
        this.flash.isOpen = true
    }

    private tokenByte(byte: number, mode: Writing) {
        // not before the command's response is out, and N_WR after it
        if (this.quiet < GAP_BEFORE_TOKEN) return
        if (byte === (mode.multi ? Token.MultiBlock : Token.Block))
            this.mode = { ...mode, is: "data", got: 0 }
        else if (mode.multi && byte === Token.StopTran && !mode.refused) {
            this.output.set(0xff)
            this.endWrite()
        }
    }

    private leaveWrite() {
        this.mode = { is: "command" }
        this.flash.isOpen = false
    }

    private endWrite() {
        this.leaveWrite()
        this.program(this.opts.timing.programUs(this.random))
    }

    private program(us: number) {
        this.flash.program(this.now, this.faults.busyUs ?? us)
        this.faults.busyUs = undefined
    }

    private dataByte(byte: number) {
        const mode = this.mode as Extract<Mode, { is: "data" }>
        this.block[mode.got++] = byte
        if (mode.got < this.block.length) return
        const response = this.acceptBlock(mode)
        this.output.set(response)
        const ok = response === DataResponse.Accepted
        const { multi, lba } = mode
        if (!multi) {
            if (ok) this.endWrite()
            else this.leaveWrite()
            return
        }
        const next = lba + (ok ? 1 : 0)
        this.mode = { is: "await-token", multi, lba: next, refused: !ok }
        if (ok) this.program(this.opts.timing.streamUs(this.random))
    }

    private acceptBlock({ lba, refused }: Writing) {
        const data = this.block.slice(0, SECTOR)
        const crc = (this.block[SECTOR] << 8) | this.block[SECTOR + 1]
        if (this.identification.isCrcOn && crc !== crc16(data))
            return DataResponse.CrcError
        if (refused) return DataResponse.WriteError
        if (this.faults.writeError || lba >= this.media.sectors) {
            this.faults.writeError = false
            this.status2 = R2_ERROR
            return DataResponse.WriteError
        }
        if (this.faults.programError) {
            this.faults.programError = false
            this.status2 = R2_ERROR
        } else this.flash.accept(lba, data)
        return DataResponse.Accepted
    }

    /** Whether all that was accepted is on the medium. */
    get isSettled() {
        this.flash.settle(Math.max(this.now, this.clock()))
        return this.flash.isSettled
    }
}
