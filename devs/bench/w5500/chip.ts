/**
 * WIZnet W5500 at register level, after the datasheet v1.1.0: SPI frames of
 * any length, common registers, eight sockets, and a station on a segment.
 */
import type { Random } from "../../sim/random.ts"
import type { World } from "../../sim/world.ts"
import type { BoardChip } from "../board.ts"
import type { Ip, Mac, Packet, Segment, Station } from "../net/ethernet.ts"
import { IpStack, type StackTiming } from "../net/ipstack.ts"
import {
    accessBuffer,
    accessRegisters,
    part,
    type Registers,
} from "./memory.ts"
import {
    BlockKind,
    BUFFER_MEMORY,
    Common,
    IR_CONFLICT,
    MAX_SPI_HZ,
    MR_RST,
    PHYCFGR_FULL_100,
    PHYCFGR_LNK,
    PHYCFGR_RST,
    RTR_US,
    Sn,
    SOCKETS,
    VERSION,
} from "./registers.ts"
import { W5500Socket, type SocketHost } from "./socket.ts"
import { drawUpset } from "./upset.ts"

/**
 * The chip takes so long to accept a command; no datasheet value. Less than
 * the shortest SPI frame, or a bench with a quick processor would need polls
 * that no board needs.
 */
const COMMAND_US = 1
/** One in so many reads that could be torn is. */
const TEAR_CHANCE = 1 / 16
/**
 * The datasheet names no interrupt for a RST from the peer; by WIZnet's forum
 * (topic 2057) DISCON is meant to tell it, "but it was not tested".
 */
const RESET_TOLD_CHANCE = 1 / 2
const HEADER_BYTES = 3
/** Bytes of data in a frame by its operation mode (2.2.2). */
const FIXED_BYTES = [Infinity, 1, 2, 4]
const READ_ONLY = new Set<number>([Common.SIR, Common.VERSIONR])

export class W5500 implements BoardChip, Station {
    private readonly common = new Uint8Array(Common.SIZE)
    private readonly sockets: W5500Socket[] = []
    private readonly txMemory = new Uint8Array(BUFFER_MEMORY)
    private readonly rxMemory = new Uint8Array(BUFFER_MEMORY)
    private readonly stack: IpStack
    private readonly registers: Registers = {
        read: at => this.readCommon(at),
        write: (at, value) => this.writeCommon(at, value),
    }
    /** SHAR in halves, as it last was, and as text */
    private macHigh = 0
    private macLow = 0
    private macText: Mac = "000000000000"
    private isPowered = false
    private isHeld = false
    /** the SPI frame that is under way */
    private position = 0
    private address = 0
    private control = 0
    /** the board's: something that firmware may wait for has changed */
    onNews = () => {}
    /**
     * Whether a segment of a connection that no socket has is answered by RST:
     * undocumented. A SYN that no socket listens for always is.
     */
    answersStale = true
    /** another chip of the family stands in the socket: what VERSIONR reads */
    version: number = VERSION
    /** wires that are long or thin: bits go wrong above this rate */
    maxHz = MAX_SPI_HZ
    private isAbsent = false
    private isSilent = false
    /** INTn when the clock stopped */
    private frozenInterrupt: 0 | 1 = 1

    constructor(
        private readonly world: World,
        private readonly segment: Segment,
        private readonly random: Random,
    ) {
        this.stack = new IpStack(
            world,
            segment,
            this,
            {
                accept: (local, remote) =>
                    this.sockets
                        .find(s => s.isListening && s.port === local.port)
                        ?.take(remote),
                udp: p =>
                    this.sockets
                        .find(s => s.isUdp && s.port === p.dst.port)
                        ?.takeUdp(p),
                answersStale: () => this.answersStale,
                conflict: () => {
                    this.common[Common.IR] |= IR_CONFLICT
                    this.onNews()
                },
            },
            random,
            () => this.timing(),
        )
        const host: SocketHost = {
            connect: (port, remote, user) => {
                // SOCK_ARP (4.2, Sn_SR): each CONNECT asks for the address
                this.stack.forgetAddress(remote.ip)
                return this.stack.connect(port, remote, user)
            },
            sendUdp: (port, remote, data, done) =>
                this.stack.sendUdp(port, remote, data, done),
            news: () => this.onNews(),
            after: (us, task) => this.world.after(us, task),
            now: () => this.world.now,
            commandUs: () => COMMAND_US,
            tears: () => this.random.chance(TEAR_CHANCE),
            tellsReset: () => this.random.chance(RESET_TOLD_CHANCE),
            resized: () => this.shareMemory(),
            firstPointer: () => this.random.int(0, 0xffff),
        }
        for (let i = 0; i < SOCKETS; i++)
            this.sockets.push(new W5500Socket(host))
        this.resetRegisters()
        segment.attach(this)
    }

    /// Station ///

    /** Hot: each packet looks for its station. */
    get mac(): Mac {
        const c = this.common
        const high = (c[Common.SHAR] << 16) | this.get16(Common.SHAR + 1)
        const low = (c[Common.SHAR + 3] << 16) | this.get16(Common.SHAR + 4)
        if (high !== this.macHigh || low !== this.macLow) {
            this.macHigh = high
            this.macLow = low
            const hex = (n: number) => n.toString(16).padStart(6, "0")
            this.macText = hex(high) + hex(low)
        }
        return this.macText
    }

    get ip(): Ip {
        const high = this.get16(Common.SIPR)
        return ((high << 16) | this.get16(Common.SIPR + 2)) >>> 0
    }

    get up() {
        return this.isAwake && (this.common[Common.PHYCFGR] & PHYCFGR_RST) !== 0
    }

    private get isAwake() {
        return this.isPowered && !this.isHeld && !this.isAbsent
    }

    receive(p: Packet) {
        this.stack.receive(p)
    }

    carrierChanged() {
        this.onNews()
    }

    /** INTn: low while an interrupt that is not masked is pending. */
    get interruptLevel(): 0 | 1 {
        if (!this.isAwake) return 1 // pulled up at the board
        if (this.isSilent) return this.frozenInterrupt
        const c = this.common
        const isPending =
            (c[Common.IR] & c[Common.IMR]) !== 0 ||
            (this.socketInterrupts & c[Common.SIMR]) !== 0
        return isPending ? 0 : 1
    }

    private get socketInterrupts() {
        let bits = 0
        for (let n = 0; n < SOCKETS; n++)
            if (this.sockets[n].interrupting) bits |= 1 << n
        return bits
    }

    /// Power and reset ///

    powered(on: boolean) {
        this.isPowered = on
        this.resetChip()
    }

    held(inReset: boolean) {
        this.isHeld = inReset
        this.resetChip()
    }

    /** A reset by pin, power or MR: open connections are forgotten silently. */
    private resetChip() {
        this.frozenInterrupt = 1
        this.stack.forget()
        this.resetRegisters()
        this.segment.carrierChanged()
    }

    private resetRegisters() {
        this.common.fill(0)
        this.common[Common.RTR] = 0x07
        this.common[Common.RTR + 1] = 0xd0
        this.common[Common.RCR] = 0x08
        this.common[Common.PTIMER] = 0x28
        this.common.fill(0xff, Common.PMRU, Common.PMRU + 2)
        this.common[Common.PHYCFGR] = 0xb8
        for (const s of this.sockets) s.reset()
        this.shareMemory()
    }

    /**
     * Gives the sockets their buffers, one behind the other. More than 16 KB
     * together is an error without a described effect: here the last overlap.
     */
    private shareMemory() {
        let rx = 0
        let tx = 0
        for (const s of this.sockets) {
            s.give(
                part(this.rxMemory, rx, s.read(Sn.RXBUF_SIZE)),
                part(this.txMemory, tx, s.read(Sn.TXBUF_SIZE)),
            )
            rx += s.rx.length
            tx += s.tx.length
        }
    }

    /** ARP_TO and TCP_TO by RTR and RCR (4.1). */
    private timing(): StackTiming {
        const rtr = this.get16(Common.RTR)
        let max = rtr
        while (max > 0 && max * 2 <= 0xffff) max *= 2
        return {
            arpRetryUs: rtr * RTR_US,
            retryUs: rtr * RTR_US,
            synRetryUs: rtr * RTR_US,
            maxRetryUs: max * RTR_US,
            retries: this.common[Common.RCR],
            endsUnresolved: true,
        }
    }

    /// Faults ///

    /**
     * The chip's clock has stopped: it says nothing, hears nothing, and
     * answers zeros on SPI, while its PHY keeps the link.
     */
    get silent() {
        return this.isSilent
    }

    set silent(silent: boolean) {
        if (silent) this.frozenInterrupt = this.interruptLevel
        this.isSilent = silent
        this.onNews()
    }

    /** Nothing is in the chip's place, or nothing gives it power. */
    get absent() {
        return this.isAbsent
    }

    set absent(absent: boolean) {
        this.isAbsent = absent
        this.resetChip()
    }

    /** A bit flips. @returns which, such as "SIPR bit 5" */
    upset(random: Random): string {
        const { socket, at, mask, text } = drawUpset(random)
        if (socket !== undefined) this.sockets[socket].flip(at, mask)
        else this.change(() => (this.common[at] ^= mask))
        this.onNews()
        return text
    }

    /** The chip resets itself, as when a discharge hits its reset line. */
    loseReset() {
        this.resetChip()
        this.onNews()
    }

    /** The chip has no address any more, and answers for none. */
    loseAddress() {
        this.change(() => this.common.fill(0, Common.SIPR, Common.SIPR + 4))
    }

    /** Changes registers; the segment learns of another address or PHY. */
    private change(f: () => void) {
        const { ip, mac, up } = this
        f()
        if (ip !== this.ip || mac !== this.mac || up !== this.up)
            this.segment.carrierChanged()
    }

    /// SPI ///

    select(selected: boolean) {
        if (selected) this.position = 0
    }

    exchange(data: Uint8Array, hz: number) {
        if (!this.isAwake) {
            data.fill(0xff)
            return
        }
        if (this.isSilent) {
            data.fill(0)
            return
        }
        for (let i = 0; i < data.length;) {
            if (this.position < HEADER_BYTES) {
                data[i] = this.header(data[i])
                i++
                continue
            }
            const end = HEADER_BYTES + FIXED_BYTES[this.control & 3]
            const n = Math.min(data.length - i, end - this.position)
            this.access(data.subarray(i, i + n))
            i += n
            this.position += n
            if (this.position === end) this.position = 0
        }
        if (hz > this.maxHz)
            for (let k = 0; k < data.length; k += 7) data[k] ^= 0x10
    }

    /** @returns what the chip answers meanwhile: 1, 2, 3 */
    private header(byte: number) {
        if (this.position === 0) this.address = byte << 8
        else if (this.position === 1) this.address |= byte
        else this.control = byte
        return ++this.position
    }

    private access(data: Uint8Array) {
        const block = this.control >> 3
        const isWrite = (this.control & 4) !== 0
        const socket = this.sockets[block >> 2]
        const kind = block & 3
        if (block === 0) this.accessCommon(data, isWrite)
        else if (kind === BlockKind.Socket)
            accessRegisters(data, this.address, isWrite, socket)
        else if (kind === BlockKind.Tx) this.accessTx(data, isWrite, socket)
        else if (kind === BlockKind.Rx)
            accessBuffer(data, this.address, isWrite, socket.rx)
        else data.fill(0) // reserved
        this.address = (this.address + data.length) & 0xffff
    }

    private accessTx(data: Uint8Array, isWrite: boolean, s: W5500Socket) {
        if (isWrite) s.txWritten(this.address, data)
        accessBuffer(data, this.address, isWrite, s.tx)
    }

    private accessCommon(data: Uint8Array, isWrite: boolean) {
        const { address, registers } = this
        if (!isWrite) return accessRegisters(data, address, false, registers)
        this.change(() => accessRegisters(data, address, true, registers))
    }

    private readCommon(at: number) {
        if (at === Common.VERSIONR) return this.version
        if (at === Common.SIR) return this.socketInterrupts
        if (at === Common.PHYCFGR) {
            const link = this.segment.carrier(this)
            return (
                (this.common[at] & ~7) |
                (link ? PHYCFGR_LNK | PHYCFGR_FULL_100 : 0)
            )
        }
        return this.common[at] ?? 0
    }

    private writeCommon(at: number, value: number) {
        if (READ_ONLY.has(at) || at >= Common.SIZE) return
        if (at === Common.MR && value & MR_RST) this.resetChip()
        else if (at === Common.IR) this.common[at] &= ~value
        else this.common[at] = value
    }

    private get16(at: number) {
        return (this.common[at] << 8) | this.common[at + 1]
    }
}
