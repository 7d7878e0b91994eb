/**
 * An SD card in SPI mode, after the SD Physical Layer Simplified
 * Specification 6.00, chapter 7.
 */
import type { Random } from "../../sim/random.ts"
import type { World } from "../../sim/world.ts"
import type { BoardChip } from "../board.ts"
import { crc7 } from "./crc.ts"
import type { CardFaults, CardParts } from "./faults.ts"
import { Flash, type Damage, type FlashOptions } from "./flash.ts"
import { Identification } from "./identification.ts"
import { SECTOR, type Media } from "./media.ts"
import { Output } from "./output.ts"
import { IN_IDLE, IN_TRANSFER, R1 } from "./protocol.ts"
import { BlockReader } from "./reader.ts"
import { cid, csd, scr, switchStatus } from "./registers.ts"
import { slowed, type CardTiming } from "./timing.ts"
import { BlockWriter } from "./writer.ts"

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
    /** a sector does not hold what it should */
    onDamage?: (lba: number, how: Damage) => void
    /**
     * A MultiMediaCard: it fits the socket and the bus, and knows neither CMD8
     * nor ACMD41.
     */
    isMultiMedia = false
    /** its `options` may be changed at any time */
    readonly flash: Flash

    private isPowered = false
    private isPresent = true
    /** the board's time */
    clock: () => number
    /** time at the byte that is being exchanged */
    private now = 0
    private readonly timing: CardTiming
    private readonly isBlockAddressed: boolean
    private readonly hasHighSpeed: boolean
    private readonly identification: Identification
    private appCommand = false
    private command: number[] = []
    private readonly output = new Output()
    /** bytes since the last that the card sent, busy or not */
    private quiet = 0
    private readonly reader: BlockReader
    private readonly writer: BlockWriter

    constructor(
        world: World,
        readonly media: Media,
        private readonly random: Random,
        opts: CardOptions,
    ) {
        this.clock = () => world.now
        this.timing = slowed(opts.timing, () => this.faults.slowFactor ?? 1)
        const { torn, neighbourDamage } = opts
        this.flash = new Flash(
            world,
            media,
            random,
            { torn, neighbourDamage },
            () => this.onNews(),
            (lba, how) => this.onDamage?.(lba, how),
        )
        this.isBlockAddressed = opts.highCapacity ?? true
        this.hasHighSpeed = opts.highSpeed ?? true
        this.identification = new Identification(
            {
                isBlockAddressed: this.isBlockAddressed,
                hasHighSpeed: this.hasHighSpeed,
                initUs: this.timing.initUs,
            },
            random,
        )
        const parts = this.parts()
        this.reader = new BlockReader(parts)
        this.writer = new BlockWriter(parts)
    }

    private parts(): CardParts {
        const faults = () => this.faults
        return {
            media: this.media,
            flash: this.flash,
            identification: this.identification,
            output: this.output,
            random: this.random,
            timing: this.timing,
            get faults() {
                return faults()
            },
        }
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
        if (!on) this.flash.losePower(this.clock(), this.faults.powerLoss)
        this.isPowered = on
        this.powerUp()
    }

    private powerUp() {
        this.identification.reset()
        this.appCommand = false
        this.command = []
        this.output.clear()
        this.reader.stop()
        this.writer.forget()
        this.flash.forget()
    }

    /** A bit of a stored sector flips, and nobody is told. */
    rot(lba: number, random: Random) {
        const data = Uint8Array.from(this.media.read(lba))
        data[random.int(0, SECTOR - 1)] ^= 1 << random.int(0, 7)
        this.media.write(lba, data)
    }

    /// SPI ///

    select(selected: boolean) {
        if (selected) return
        // a command, response or block that is cut off is void
        this.command = []
        this.output.clear()
        this.writer.deselect()
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
            const silent = this.listen(data, i, byteUs)
            if (silent) {
                i += silent
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
        if (this.writer.isInBlock && this.output.left === 0)
            return this.writer.bulk(data, from)
        if (this.writer.isUnderWay || this.command.length) return 0
        return this.output.bulk(data, from)
    }

    /**
     * Bytes between blocks that say nothing, 0xff, and to which the card has
     * nothing to say: it is busy, or not.
     */
    private listen(data: Uint8Array, from: number, byteUs: number): number {
        if (this.writer.isInBlock || this.command.length || this.output.left)
            return 0
        let i = from
        for (; i < data.length && data[i] === 0xff; i++) {
            const { busy } = this
            if (!busy && this.reader.isReady(this.now)) break
            this.quiet = busy ? 0 : this.quiet + 1
            if (busy) data[i] = 0
            this.now += byteUs
            this.flash.settle(this.now)
        }
        return i - from
    }

    private get busy() {
        return this.flash.isBusy(this.now)
    }

    private nextOutput() {
        const isReadyToSend = this.reader.isReady(this.now)
        if (this.output.left === 0 && !this.busy && isReadyToSend)
            this.reader.sendBlock(this.now)
        if (this.output.left === 0 && !this.busy) {
            this.quiet++
            return 0xff
        }
        this.quiet = 0
        return this.output.left ? this.output.next() : 0x00
    }

    private input(byte: number) {
        if (this.writer.isInBlock) return this.writer.dataByte(byte, this.now)
        if (this.busy) return // commands while busy are not heard
        this.flash.settle(this.now)
        const begins = (byte & 0xc0) === 0x40
        if (this.command.length === 0 && !begins) {
            if (this.writer.awaitsToken)
                this.writer.tokenByte(byte, this.quiet, this.now)
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
        if (this.isMultiMedia && (isApp || index === 8)) return false
        if (this.writer.isUnderWay || this.reader.isStreaming)
            return IN_TRANSFER.has(index)
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
            this.send(this.r1, this.writer.takeStatus())
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
        if (this.writer.awaitsToken) {
            this.writer.end(this.now)
            this.send(this.r1)
        } else if (this.reader.isUnderWay || this.output.left) {
            this.reader.stop()
            // whatever the card was about to send comes first: a stuff byte
            const stuff = this.random.int(0, 0xff)
            this.output.set(stuff, ...this.gap(), this.r1)
            this.flash.stayBusy(this.now, this.timing.stopUs(this.random))
        } else this.send(this.r1 | R1.IllegalCommand)
    }

    private startRead(arg: number, multi: boolean) {
        const lba = this.lbaOf(arg)
        if (lba === undefined) return this.send(this.r1 | R1.ParameterError)
        this.send(this.r1)
        this.reader.start(lba, multi, this.now)
    }

    private startWrite(arg: number, multi: boolean) {
        const lba = this.lbaOf(arg)
        if (lba === undefined) return this.send(this.r1 | R1.ParameterError)
        this.send(this.r1)
        this.writer.start(lba, multi)
    }

    /** Whether all that was accepted is on the medium. */
    get isSettled() {
        this.flash.settle(Math.max(this.now, this.clock()))
        return this.flash.isSettled
    }
}
