/**
 * An SD card in SPI mode, after the SD Physical Layer Simplified
 * Specification 6.00, chapter 7.
 */
import type { Random } from "../../sim/random.ts"
import type { World } from "../../sim/world.ts"
import type { BoardChip } from "../board.ts"
import { crc16, crc7 } from "./crc.ts"
import { SECTOR, type Media } from "./media.ts"
import { cid, csd, scr, switchStatus } from "./registers.ts"
import type { CardTiming } from "./timing.ts"

/** R1, 7.3.2.1 */
const R1 = {
    Idle: 0x01,
    IllegalCommand: 0x04,
    CrcError: 0x08,
    EraseSequence: 0x10,
    AddressError: 0x20,
    ParameterError: 0x40,
} as const

/** Tokens, 7.3.3 */
const TOKEN_BLOCK = 0xfe
const TOKEN_MULTI = 0xfc
const TOKEN_STOP = 0xfd
const RESPONSE_ACCEPTED = 0x05
const RESPONSE_CRC_ERROR = 0x0b
const RESPONSE_WRITE_ERROR = 0x0d
const ERROR_TOKEN_GENERAL = 0x01
const ERROR_TOKEN_RANGE = 0x08

/** R2's second byte */
const R2_ERROR = 0x04

const INIT_HZ = 400_000
const DEFAULT_SPEED_HZ = 25_000_000
const HIGH_SPEED_HZ = 50_000_000
/** Clocks that a card wants to see before its first command. */
const POWER_UP_BYTES = 10

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

/** How a sector comes out that was being programmed when the power went. */
export type TornSector = (
    old: Uint8Array,
    fresh: Uint8Array,
    random: Random,
) => Uint8Array

const NO_OUTPUT = new Uint8Array(0)

type Mode =
    | { is: "command" }
    | { is: "await-token"; multi: boolean; lba: number }
    | { is: "data"; multi: boolean; lba: number; got: number }

export interface CardOptions {
    timing: CardTiming
    /** block addressing (SDHC, SDXC) or byte addressing (SDSC) */
    highCapacity?: boolean
    highSpeed?: boolean
    torn?: TornSector
}

/** Half of them finished, a fifth not begun, the rest in between. */
export const tornSector: TornSector = (old, fresh, random) => {
    const fate = random.unit()
    if (fate < 0.5) return fresh
    if (fate < 0.7) return old
    const torn = old.slice()
    const upTo = random.int(1, SECTOR - 1)
    torn.set(fresh.subarray(0, upTo))
    if (fate > 0.85) torn.set(random.bytes(16), Math.min(upTo, SECTOR - 16))
    return torn
}

export class SdCard implements BoardChip {
    faults: CardFaults = {}
    /** the board's: something that firmware may wait for has changed */
    onNews = () => {}
    /** counted since the card was made */
    readonly stats = { reads: 0, writes: 0, programs: 0 }

    private isPowered = false
    private isPresent = true
    /** the board's time */
    clock: () => number
    /** time at the byte that is being exchanged */
    private now = 0
    private busyUntil = 0
    private clocksSeen = 0
    private idle = true
    private initialised = false
    private initUntil = -1
    private appCommand = false
    private crcOn = false
    private fast = false
    private mode: Mode = { is: "command" }
    private command: number[] = []
    private output = NO_OUTPUT
    private outputAt = 0
    private block = new Uint8Array(SECTOR + 2)
    private reading?: { lba: number; multi: boolean; readyAt: number }
    private status2 = 0
    /** accepted, and not yet sure to be on the medium */
    private readonly pending = new Map<number, Uint8Array>()

    constructor(
        private readonly world: World,
        readonly media: Media,
        private readonly random: Random,
        private readonly opts: CardOptions,
    ) {
        this.clock = () => world.now
    }

    get present() {
        return this.isPresent
    }

    /** Takes the card out, or puts it in. */
    set present(on: boolean) {
        if (on === this.isPresent) return
        if (!on) this.loseCharge()
        this.isPresent = on
        this.powerUp()
        this.onNews()
    }

    powered(on: boolean) {
        if (!on) this.loseCharge()
        this.isPowered = on
        this.powerUp()
    }

    private powerUp() {
        this.clocksSeen = 0
        this.idle = true
        this.initialised = this.appCommand = this.crcOn = this.fast = false
        this.initUntil = -1
        this.mode = { is: "command" }
        this.command = []
        this.output = NO_OUTPUT
        this.outputAt = 0
        this.reading = undefined
        this.busyUntil = 0
        this.status2 = 0
    }

    /** Sectors that were being programmed come out old, new or in between. */
    private loseCharge() {
        this.settle()
        for (const [lba, fresh] of this.pending)
            if (this.random.chance(0.9)) {
                const torn = this.opts.torn ?? tornSector
                const old = this.media.read(lba)
                this.media.write(lba, torn(old, fresh, this.random))
            }
        this.pending.clear()
    }

    /// SPI ///

    select(selected: boolean) {
        if (selected) return
        // a command, response or block that is cut off is void
        this.command = []
        this.output = NO_OUTPUT
        this.outputAt = 0
        if (this.mode.is === "data")
            this.mode = this.mode.multi
                ? { is: "await-token", multi: true, lba: this.mode.lba }
                : { is: "command" }
        if (this.mode.is === "await-token" && !this.mode.multi)
            this.mode = { is: "command" }
    }

    idleClocks(bytes: number) {
        this.clocksSeen += bytes
    }

    exchange(data: Uint8Array, hz: number) {
        if (!this.isPowered || !this.isPresent || !this.canFollow(hz)) {
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

    private canFollow(hz: number) {
        if (!this.initialised) return hz <= INIT_HZ
        return hz <= (this.fast ? HIGH_SPEED_HZ : DEFAULT_SPEED_HZ)
    }

    /** Bytes in the middle of a data block, all at once. */
    private bulk(data: Uint8Array, from: number): number {
        const left = data.length - from
        const toSend = this.output.length - this.outputAt
        if (this.mode.is === "data" && toSend === 0) {
            const n = Math.min(left, this.block.length - this.mode.got - 1)
            if (n <= 0) return 0
            this.block.set(data.subarray(from, from + n), this.mode.got)
            this.mode.got += n
            data.fill(0xff, from, from + n)
            return n
        }
        if (this.mode.is !== "command" || this.command.length) return 0
        let n = 0
        const most = Math.min(left, toSend)
        while (n < most && data[from + n] === 0xff) n++
        data.set(this.output.subarray(this.outputAt, this.outputAt + n), from)
        this.outputAt += n
        return n
    }

    private get busy() {
        return this.now < this.busyUntil
    }

    private nextOutput() {
        if (this.outputAt < this.output.length)
            return this.output[this.outputAt++]
        if (this.busy) return 0x00
        if (this.reading && this.now >= this.reading.readyAt) {
            this.sendBlock()
            return this.output[this.outputAt++]
        }
        return 0xff
    }

    private input(byte: number) {
        if (this.mode.is === "data") return this.dataByte(byte)
        if (this.busy) return // commands while busy are not heard
        this.settle()
        if (this.mode.is === "await-token") return this.tokenByte(byte)
        if (this.command.length === 0 && (byte & 0xc0) !== 0x40) return
        this.command.push(byte)
        if (this.command.length === 6) {
            const c = this.command
            this.command = []
            this.execute(c)
        }
    }

    private send(...bytes: number[]) {
        // N_CR: 1 to 8 bytes between a command and its response
        const gap = Array(this.random.int(1, 8)).fill(0xff)
        this.output = Uint8Array.from([...gap, ...bytes])
        this.outputAt = 0
    }

    /** Adds a data block to what is being sent. */
    private sendData(payload: Uint8Array) {
        const before = this.output.subarray(this.outputAt)
        const crc = crc16(payload)
        const o = new Uint8Array(before.length + 2 + payload.length + 2)
        o.set(before)
        o.set([0xff, TOKEN_BLOCK], before.length)
        o.set(payload, before.length + 2)
        o.set([crc >> 8, crc & 255], o.length - 2)
        this.output = o
        this.outputAt = 0
    }

    /// Commands ///

    private get r1() {
        return this.idle ? R1.Idle : 0
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
        if (index === 0 && this.clocksSeen < POWER_UP_BYTES) return
        const wantsCrc = this.crcOn || index === 0 || index === 8
        if (wantsCrc && crc7(bytes.slice(0, 5)) !== bytes[5])
            return this.send(this.r1 | R1.CrcError)
        const table = isApp ? this.appCommands : this.commands
        const handler =
            table[index] ?? (isApp ? this.commands[index] : undefined)
        const inIdle = [0, 8, 55, 58, 59, 1].includes(index) || isApp
        if (!handler || (this.idle && !inIdle))
            return this.send(this.r1 | R1.IllegalCommand)
        handler(arg)
    }

    private readonly appCommands: Record<number, (arg: number) => void> = {
        13: () => {
            this.send(this.r1, 0)
            this.sendData(new Uint8Array(64))
        },
        23: () => this.send(this.r1),
        41: arg => this.initialise(arg),
        51: () => {
            this.send(this.r1)
            this.sendData(scr())
        },
    }

    private readonly commands: Record<number, (arg: number) => void> = {
        0: () => {
            this.powerUp()
            this.clocksSeen = POWER_UP_BYTES
            this.send(R1.Idle)
        },
        6: arg => this.switchFunction(arg),
        8: arg => this.send(this.r1, 0, 0, (arg >> 8) & 15, arg & 255),
        9: () => {
            this.send(this.r1)
            this.sendData(csd(this.media.sectors, this.isBlockAddressed))
        },
        10: () => {
            this.send(this.r1)
            this.sendData(cid())
        },
        12: () => {
            this.reading = undefined
            this.send(this.r1)
        },
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
            const ready = this.initialised ? 0x80 : 0
            const ccs = this.initialised && this.isBlockAddressed ? 0x40 : 0
            this.send(this.r1, ready | ccs, 0xff, 0x80, 0x00)
        },
        59: arg => {
            this.crcOn = (arg & 1) === 1
            this.send(this.r1)
        },
    }

    private get isBlockAddressed() {
        return this.opts.highCapacity ?? true
    }

    private initialise(arg: number) {
        const hcs = (arg & 0x40000000) !== 0
        if (this.initUntil < 0)
            this.initUntil = this.now + this.opts.timing.initUs(this.random)
        // a high-capacity card waits for ever for a host that cannot use it
        const ready =
            this.now >= this.initUntil && (hcs || !this.isBlockAddressed)
        if (ready) {
            this.idle = false
            this.initialised = true
        }
        this.send(this.r1)
    }

    private switchFunction(arg: number) {
        const wanted = arg & 15
        const can = (this.opts.highSpeed ?? true) || wanted === 0
        const result = wanted === 15 ? (this.fast ? 1 : 0) : can ? wanted : 15
        this.send(this.r1)
        this.sendData(switchStatus(this.opts.highSpeed ?? true, result))
        if (arg & 0x80000000 && result !== 15) this.fast = result === 1
    }

    private lbaOf(arg: number): number | undefined {
        const lba = this.isBlockAddressed ? arg : arg / SECTOR
        return Number.isInteger(lba) && lba < this.media.sectors
            ? lba
            : undefined
    }

    /// Reading ///

    private startRead(arg: number, multi: boolean) {
        const lba = this.lbaOf(arg)
        if (lba === undefined) return this.send(this.r1 | R1.ParameterError)
        this.send(this.r1)
        const readyAt = this.now + this.opts.timing.accessUs(this.random)
        this.reading = { lba, multi, readyAt }
    }

    private sendBlock() {
        const r = this.reading!
        this.reading = undefined
        this.output = NO_OUTPUT
        this.outputAt = 0
        if (this.faults.readError || this.faults.badSector === r.lba) {
            this.faults.readError = false
            this.output = Uint8Array.of(ERROR_TOKEN_GENERAL)
            return
        }
        if (r.lba >= this.media.sectors) {
            this.output = Uint8Array.of(ERROR_TOKEN_RANGE)
            return
        }
        this.stats.reads++
        this.sendData(this.pending.get(r.lba) ?? this.media.read(r.lba))
        if (!r.multi) return
        const gap = this.opts.timing.readGapUs(this.random)
        this.reading = { lba: r.lba + 1, multi: true, readyAt: this.now + gap }
    }

    /// Writing ///

    private startWrite(arg: number, multi: boolean) {
        const lba = this.lbaOf(arg)
        if (lba === undefined) return this.send(this.r1 | R1.ParameterError)
        this.send(this.r1)
        this.mode = { is: "await-token", multi, lba }
    }

    private tokenByte(byte: number) {
        const mode = this.mode as Extract<Mode, { is: "await-token" }>
        // not before the command's response is out, and N_WR after it
        if (this.outputAt < this.output.length) return
        if (byte === (mode.multi ? TOKEN_MULTI : TOKEN_BLOCK))
            this.mode = { ...mode, is: "data", got: 0 }
        else if (mode.multi && byte === TOKEN_STOP) {
            this.mode = { is: "command" }
            this.output = Uint8Array.of(0xff)
            this.outputAt = 0
            this.program(this.opts.timing.programUs(this.random))
        }
    }

    private dataByte(byte: number) {
        const mode = this.mode as Extract<Mode, { is: "data" }>
        this.block[mode.got++] = byte
        if (mode.got < this.block.length) return
        const response = this.acceptBlock(mode.lba)
        this.output = Uint8Array.of(response)
        this.outputAt = 0
        const ok = response === RESPONSE_ACCEPTED
        this.mode = mode.multi
            ? { is: "await-token", multi: true, lba: mode.lba + (ok ? 1 : 0) }
            : { is: "command" }
        if (!ok) return
        const t = this.opts.timing
        this.program(
            mode.multi ? t.streamUs(this.random) : t.programUs(this.random),
        )
    }

    private acceptBlock(lba: number) {
        const data = this.block.slice(0, SECTOR)
        const crc = (this.block[SECTOR] << 8) | this.block[SECTOR + 1]
        if (this.crcOn && crc !== crc16(data)) return RESPONSE_CRC_ERROR
        if (this.faults.writeError || lba >= this.media.sectors) {
            this.faults.writeError = false
            this.status2 = R2_ERROR
            return RESPONSE_WRITE_ERROR
        }
        this.stats.writes++
        if (this.faults.programError) {
            this.faults.programError = false
            this.status2 = R2_ERROR
        } else this.pending.set(lba, data)
        return RESPONSE_ACCEPTED
    }

    private program(us: number) {
        const length = this.faults.busyUs ?? us
        this.faults.busyUs = undefined
        this.stats.programs++
        this.busyUntil = this.now + length
        this.world.at(this.busyUntil, () => {
            this.now = Math.max(this.busyUntil, this.clock())
            this.settle()
            this.onNews()
        })
    }

    /** Once a write is over, all its sectors are on the medium. */
    private settle() {
        if (this.busy || this.mode.is !== "command") return
        for (const [lba, data] of this.pending) this.media.write(lba, data)
        this.pending.clear()
    }

    /** Whether all that was accepted is on the medium. */
    get isSettled() {
        this.settle()
        return this.pending.size === 0
    }
}
