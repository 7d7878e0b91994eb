/** One of a W5500's eight sockets. */
import type { Endpoint, UdpPacket } from "../net/ethernet.ts"
import type { Acceptor } from "../net/ipstack.ts"
import type { TcpConnection, TcpUser } from "../net/tcp.ts"
import { Command, Interrupt, Protocol, Sn, Status } from "./registers.ts"

/** What a socket needs of its chip. */
export interface SocketHost {
    connect(localPort: number, remote: Endpoint, user: TcpUser): TcpConnection
    sendUdp(
        localPort: number,
        remote: Endpoint,
        data: Uint8Array,
        done: (sent: boolean) => void,
    ): void
    /** something that firmware may wait for has changed */
    news(): void
    /** does something after so many microseconds */
    after(us: number, task: () => void): void
    /** time in microseconds, and a draw of the time a command takes */
    now(): number
    commandUs(): number
    /** whether a 16-bit register changes between its two bytes */
    tears(): boolean
    /** whether a RST from the peer raises DISCON */
    tellsReset(): boolean
    /** a buffer has another size */
    resized(): void
    /** where buffer pointers begin; the datasheet does not promise zero */
    firstPointer(): number
}

const UDP_HEADER = 8
/** Sn_KPALVTR counts in units of so many microseconds. */
const KEEP_ALIVE_US = 5e6
const NOTHING = new Uint8Array(0)

/** Registers that only the chip writes. */
const READ_ONLY = new Set<number>([
    Sn.SR,
    Sn.TX_FSR,
    Sn.TX_FSR + 1,
    Sn.TX_RD,
    Sn.TX_RD + 1,
    Sn.RX_RSR,
    Sn.RX_RSR + 1,
    Sn.RX_WR,
    Sn.RX_WR + 1,
])

export class W5500Socket {
    readonly regs = new Uint8Array(Sn.SIZE)
    tx: Uint8Array = NOTHING
    rx: Uint8Array = NOTHING
    status = Status.Closed
    private connection?: TcpConnection
    /** where the peer has acknowledged up to */
    private txAcked = 0
    private txRead = 0
    private rxWrite = 0
    /** RX_RD as the chip knows it since the last RECV */
    private rxRead = 0
    private commandUntil = 0
    /** sizes when they were last read, for reads that are torn */
    private rsrBefore = 0
    private fsrBefore = 0
    /** counts what OPEN, CLOSE and resets begin */
    private life = 0
    /** data have been sent or received since the connection stands */
    private hasSpoken = false

    constructor(private readonly host: SocketHost) {}

    /** The chip gives the buffers. */
    reset() {
        this.close()
        this.regs.fill(0)
        this.regs.fill(0xff, Sn.DHAR, Sn.DHAR + 6)
        this.regs[Sn.TTL] = 0x80
        this.regs[Sn.RXBUF_SIZE] = this.regs[Sn.TXBUF_SIZE] = 2
        this.regs[Sn.IMR] = 0xff
        this.set16(Sn.FRAG, 0x4000)
        this.txAcked = this.txRead = this.rxWrite = this.rxRead = 0
        this.commandUntil = 0
    }

    /** Sn_IR has a bit that Sn_IMR lets through. */
    get interrupting() {
        return (this.regs[Sn.IR] & this.regs[Sn.IMR]) !== 0
    }

    get port() {
        return this.get16(Sn.PORT)
    }

    get isListening() {
        return this.status === Status.Listen
    }

    get isUdp() {
        return this.status === Status.Udp
    }

    private get isEnding() {
        return this.status === Status.FinWait || this.status === Status.LastAck
    }

    /** Gives the socket its parts of the chip's memory. */
    give(rx: Uint8Array, tx: Uint8Array) {
        this.rx = rx
        this.tx = tx
        this.sizesAreKnown()
    }

    /// Registers ///

    read(at: number): number {
        switch (at) {
            case Sn.CR:
                return this.host.now() < this.commandUntil
                    ? this.regs[Sn.CR]
                    : 0
            case Sn.SR:
                return this.status
            case Sn.TX_FSR: {
                const before = this.fsrBefore
                this.fsrBefore = this.freeSize
                const isTorn = this.isTorn(before, this.fsrBefore)
                return (isTorn ? before : this.fsrBefore) >> 8
            }
            case Sn.TX_FSR + 1:
                return this.freeSize & 255
            case Sn.TX_RD:
            case Sn.TX_RD + 1:
                return byteOf(this.txRead, at & 1)
            case Sn.RX_RSR: {
                const before = this.rsrBefore
                this.rsrBefore = this.receivedSize
                const isTorn = this.isTorn(before, this.rsrBefore)
                // what tears a read comes during it: so does its interrupt
                if (isTorn) this.raise(Interrupt.Recv)
                return (isTorn ? before : this.rsrBefore) >> 8
            }
            case Sn.RX_RSR + 1:
                return this.receivedSize & 255
            case Sn.RX_WR:
            case Sn.RX_WR + 1:
                return byteOf(this.rxWrite, at & 1)
        }
        return this.regs[at] ?? 0
    }

    write(at: number, value: number) {
        if (READ_ONLY.has(at) || at >= Sn.SIZE) return
        if (at === Sn.IR) this.regs[at] &= ~value
        else if (at === Sn.CR) this.command(value)
        else {
            this.regs[at] = value
            if (at === Sn.RXBUF_SIZE || at === Sn.TXBUF_SIZE)
                this.host.resized()
        }
    }

    /** Bits of a register flip by themselves. */
    flip(at: number, mask: number) {
        this.regs[at] ^= mask
        if (at === Sn.RXBUF_SIZE || at === Sn.TXBUF_SIZE) this.host.resized()
    }

    /**
     * Datasheet: "Before 16 bit-read operation is not completed, the value may
     * be changed". Both sizes only grow between commands.
     */
    private isTorn(before: number, now: number) {
        return before < now && this.host.tears()
    }

    /** What the host's own commands change is not torn. */
    private sizesAreKnown() {
        this.rsrBefore = this.receivedSize
        this.fsrBefore = this.freeSize
    }

    /**
     * The host has written to the TX buffer. Where the peer has not yet
     * acknowledged what stood there, the new bytes are what it gets when they
     * are sent, or sent again.
     */
    txWritten(address: number, data: Uint8Array) {
        const size = this.tx.length
        const waiting = (this.txRead - this.txAcked) & 0xffff
        if (!waiting || !size || !this.connection) return
        const from = (address - this.txAcked) & (size - 1)
        this.connection.overwrite(from, data.subarray(0, size - from))
        this.connection.overwrite(0, data.subarray(size - from))
    }

    private get16(at: number) {
        return (this.regs[at] << 8) | this.regs[at + 1]
    }

    private set16(at: number, value: number) {
        this.regs[at] = value >> 8
        this.regs[at + 1] = value
    }

    private get freeSize() {
        const used = (this.get16(Sn.TX_WR) - this.txAcked) & 0xffff
        return Math.max(0, this.tx.length - used)
    }

    private get receivedSize() {
        return (this.rxWrite - this.rxRead) & 0xffff
    }

    private get rxRoom() {
        return Math.max(0, this.rx.length - this.receivedSize)
    }

    private raise(interrupt: number) {
        this.regs[Sn.IR] |= interrupt
        this.host.news()
    }

    /// Commands ///

    private command(value: number) {
        // a command while the chip has not accepted the last one is lost
        if (this.host.now() < this.commandUntil) return
        this.regs[Sn.CR] = value
        this.commandUntil = this.host.now() + this.host.commandUs()
        COMMANDS[value as Command]?.call(this)
        this.host.news()
    }

    open() {
        this.close()
        this.startTx()
        this.rxWrite = this.rxRead = this.host.firstPointer()
        this.set16(Sn.RX_RD, this.rxRead)
        this.sizesAreKnown()
        const protocol = this.regs[Sn.MR] & 15
        if (protocol === Protocol.Tcp) this.status = Status.Init
        else if (protocol === Protocol.Udp) this.status = Status.Udp
        else this.status = Status.Closed
    }

    listen() {
        if (this.status === Status.Init) this.status = Status.Listen
    }

    connectOut() {
        if (this.status !== Status.Init) return
        this.status = Status.SynSent
        const user = this.user()
        this.connection = this.host.connect(this.port, this.remote, user)
    }

    disconnect() {
        if (this.status === Status.Established) this.status = Status.FinWait
        else if (this.status === Status.CloseWait) this.status = Status.LastAck
        else if (this.isEnding) return
        else return this.close()
        this.connection?.finish()
    }

    /** No FIN, no RST: the peer learns it from the answer to its next byte. */
    close() {
        this.connection?.forget()
        this.connection = undefined
        this.status = Status.Closed
        this.life++
    }

    send() {
        const end = this.get16(Sn.TX_WR)
        const count = (end - this.txRead) & 0xffff
        const data = this.ring(this.tx, this.txRead, count)
        this.txRead = end
        if (this.isUdp) {
            const { life } = this
            this.host.sendUdp(this.port, this.remote, data, sent => {
                if (life !== this.life) return
                this.txAcked = end
                this.raise(sent ? Interrupt.SendOk : Interrupt.Timeout)
            })
        } else if (count) {
            this.hasSpoken = true
            this.connection?.write(data)
        }
    }

    receive() {
        this.rxRead = this.get16(Sn.RX_RD)
        this.sizesAreKnown()
        this.connection?.windowOpened()
    }

    /// Network side ///

    /** Takes a connection to this listening socket. */
    take(remote: Endpoint): Acceptor {
        this.status = Status.SynRecv
        this.remote = remote
        return {
            user: this.user(),
            accepted: connection => {
                this.connection = connection
            },
        }
    }

    takeUdp(p: UdpPacket) {
        const data = new Uint8Array(UDP_HEADER + p.data.length)
        const header = Buffer.from(data.buffer)
        header.writeUInt32BE(p.src.ip, 0)
        header.writeUInt16BE(p.src.port, 4)
        header.writeUInt16BE(p.data.length, 6)
        data.set(p.data, UDP_HEADER)
        if (data.length <= this.rxRoom) this.store(data)
    }

    private get remote(): Endpoint {
        const r = Buffer.from(this.regs.buffer)
        return { ip: r.readUInt32BE(Sn.DIPR), port: this.get16(Sn.DPORT) }
    }

    private set remote(e: Endpoint) {
        Buffer.from(this.regs.buffer).writeUInt32BE(e.ip, Sn.DIPR)
        this.set16(Sn.DPORT, e.port)
    }

    private user(): TcpUser {
        const gone = (interrupt: number) => {
            this.close()
            this.raise(interrupt)
        }
        return {
            established: () => {
                this.startTx()
                this.sizesAreKnown()
                this.status = Status.Established
                this.hasSpoken = false
                this.keepAlive()
                this.raise(Interrupt.Con)
            },
            receive: data => {
                const taken = data.subarray(0, this.rxRoom)
                if (taken.length) this.store(taken)
                return taken.length
            },
            window: () => this.rxRoom,
            acknowledged: count => {
                this.txAcked = (this.txAcked + count) & 0xffff
                if (this.txAcked === this.txRead) this.raise(Interrupt.SendOk)
                else this.host.news()
            },
            finished: () => {
                this.status = Status.CloseWait
                this.raise(Interrupt.Discon)
            },
            // DISCON tells a FIN from the peer; LAST_ACK waits for none
            closed: () =>
                gone(this.status === Status.LastAck ? 0 : Interrupt.Discon),
            reset: () => gone(this.host.tellsReset() ? Interrupt.Discon : 0),
            timedOut: () => gone(Interrupt.Timeout),
        }
    }

    /**
     * Sn_KPALVTR: "KA packet is transmittable after Sn_SR is changed to
     * SOCK_ESTABLISHED and after the data is transmitted or received to/from
     * a peer at least once." Whether traffic puts it off is not said: not here.
     */
    private keepAlive() {
        const units = this.regs[Sn.KPALVTR]
        const { life } = this
        if (!units) return
        this.host.after(units * KEEP_ALIVE_US, () => {
            if (life !== this.life) return
            if (this.hasSpoken && this.status === Status.Established)
                this.connection?.keepAlive()
            this.keepAlive()
        })
    }

    private store(data: Uint8Array) {
        this.hasSpoken = true
        for (let i = 0; i < data.length;) {
            const at = (this.rxWrite + i) % this.rx.length
            const n = Math.min(data.length - i, this.rx.length - at)
            this.rx.set(data.subarray(i, i + n), at)
            i += n
        }
        this.rxWrite = (this.rxWrite + data.length) & 0xffff
        this.raise(Interrupt.Recv)
    }

    /** By OPEN, and again when a connection is established. */
    private startTx() {
        this.txRead = this.txAcked = this.host.firstPointer()
        this.set16(Sn.TX_WR, this.txRead)
    }

    private ring(memory: Uint8Array, start: number, count: number) {
        const out = new Uint8Array(count)
        if (!memory.length) return out
        for (let i = 0; i < count;) {
            const at = (start + i) % memory.length
            const n = Math.min(count - i, memory.length - at)
            out.set(memory.subarray(at, at + n), i)
            i += n
        }
        return out
    }
}

function byteOf(word: number, index: number) {
    return index ? word & 255 : word >> 8
}

const COMMANDS: Record<Command, (this: W5500Socket) => void> = {
    [Command.Open]: W5500Socket.prototype.open,
    [Command.Listen]: W5500Socket.prototype.listen,
    [Command.Connect]: W5500Socket.prototype.connectOut,
    [Command.Discon]: W5500Socket.prototype.disconnect,
    [Command.Close]: W5500Socket.prototype.close,
    [Command.Send]: W5500Socket.prototype.send,
    [Command.SendMac]: W5500Socket.prototype.send,
    [Command.SendKeep]() {},
    [Command.Recv]: W5500Socket.prototype.receive,
}
