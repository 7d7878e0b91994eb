/**
 * TCP as far as block storage needs it: one connection's state machine after
 * RFC 9293, with retransmission, windows and resets, and RFC 5961's answers to
 * a SYN or RST in the middle of a connection. In-order segments only: the
 * segments below keep order, and what a fault loses is sent again. No
 * TIME-WAIT: a FIN that comes again gets RST, which ends LAST-ACK as well.
 */
import type { Timer, World } from "../../sim/world.ts"
import type { Endpoint, TcpPacket } from "./ethernet.ts"

const MSS = 1460
const NOTHING = new Uint8Array(0)

export type TcpState =
    | "closed"
    | "syn-sent"
    | "syn-received"
    | "established"
    | "fin-wait"
    | "closing"
    | "close-wait"
    | "last-ack"

/** States in which data or a FIN of ours may have to be sent. */
const SENDING: TcpState[] = [
    "established",
    "fin-wait",
    "closing",
    "close-wait",
    "last-ack",
]

/** Who uses a connection. */
export interface TcpUser {
    established(): void
    /** Takes received bytes. @returns how many of them there was room for */
    receive(data: Uint8Array): number
    /** room for received bytes */
    window(): number
    /** the peer has `count` more of the bytes written */
    acknowledged(count: number): void
    /** the peer sends no more */
    finished(): void
    /** both sides have finished */
    closed(): void
    /** the peer refused or reset the connection */
    reset(): void
    /** the peer does not answer any more */
    timedOut(): void
}

export interface TcpOptions {
    /** first wait for an answer; each further wait is twice as long */
    retryUs: number
    /** first wait for an answer to a SYN */
    synRetryUs: number
    /** longest wait */
    maxRetryUs: number
    /** after so many retries the connection is given up */
    retries: number
}

/** Sequence numbers are 32 bits wide and wrap. */
function after(a: number, b: number) {
    return (a - b) | 0
}

export class TcpConnection {
    state: TcpState = "closed"
    private sendUna: number
    private sendNxt: number
    /** the highest that `sendNxt` ever was */
    private sendMax: number
    private sendWindow = 0
    private receiveNxt = 0
    private advertised = 0
    /** bytes from `sendUna` on, sent or not */
    private queue: Uint8Array = NOTHING
    private finWanted = false
    private finSent = false
    private finAcked = false
    private retry?: Timer
    private tries = 0
    /** the peer has acknowledged something since its window was last probed */
    private isAnswered = false
    /** the last byte that was sent went past a shut window */
    private isPastWindow = false
    /** a keep-alive waits for its answer, and nothing else does */
    private isProbing = false

    constructor(
        private readonly world: World,
        readonly local: Endpoint,
        readonly remote: Endpoint,
        private readonly user: TcpUser,
        private readonly emit: (p: TcpPacket) => void,
        private readonly gone: () => void,
        private readonly opts: TcpOptions,
        initialSequence: number,
    ) {
        this.sendUna = this.sendNxt = this.sendMax = initialSequence >>> 0
    }

    /** Bytes written that the peer has not acknowledged. */
    get unacknowledged() {
        return this.queue.length
    }

    connect() {
        this.state = "syn-sent"
        this.sendSyn()
    }

    /** Answers the SYN that created this connection. */
    accept(syn: TcpPacket) {
        this.state = "syn-received"
        this.receiveNxt = (syn.seq + 1) >>> 0
        this.sendWindow = syn.window
        this.sendSyn()
    }

    write(data: Uint8Array) {
        if (this.finWanted || this.state === "closed") return
        if (this.isProbing) this.stopRetry() // data ask as well
        const joined = new Uint8Array(this.queue.length + data.length)
        joined.set(this.queue)
        joined.set(data, this.queue.length)
        this.queue = joined
        this.push()
    }

    /** Replaces those of the unacknowledged bytes that are at `at` and behind. */
    overwrite(at: number, data: Uint8Array) {
        const count = this.queue.length - at
        if (count > 0) this.queue.set(data.subarray(0, count), at)
    }

    /** Sends what is written, and then that there is no more. */
    finish() {
        if (this.finWanted || this.state === "closed") return
        if (this.isProbing) this.stopRetry()
        this.finWanted = true
        this.push()
    }

    /** Resets the connection. */
    abort() {
        if (this.state === "closed") return
        this.packet({ rst: true })
        this.forget()
    }

    /** Drops all state and says nothing, as a loss of power does. */
    forget() {
        this.state = "closed"
        this.stopRetry()
        this.gone()
    }

    /** The other station's MAC address cannot be found. */
    unreachable() {
        if (this.state === "syn-sent") this.end(() => this.user.timedOut())
    }

    /** Call when the user has more room than before. */
    windowOpened() {
        if (this.state === "closed" || this.state === "syn-sent") return
        const window = this.user.window()
        if (this.advertised < MSS && window > this.advertised) this.packet({})
    }

    /** Sends what makes a peer that knows nothing of us send a reset. */
    probe() {
        if (this.state !== "closed") this.packet({})
    }

    /**
     * RFC 1122, 4.2.3.6: asks with a byte that the peer has had already, and
     * again as data would be. What is on its way asks by itself.
     */
    keepAlive() {
        if (this.state !== "established" || this.retry) return
        this.isProbing = true
        this.sendProbe()
        this.startRetry(this.opts.retryUs)
    }

    private sendProbe() {
        const seq = (this.sendUna - 1) >>> 0
        this.packet({ seq, data: new Uint8Array(1) })
    }

    receive(p: TcpPacket) {
        if (this.state === "syn-sent") return this.receiveInSynSent(p)
        if (p.rst) return this.receiveReset(p)
        if (p.syn) {
            this.packet({}) // a repeated SYN, or RFC 5961's challenge
            return
        }
        if (p.acks && after(p.ack, this.sendMax) > 0) {
            this.packet({}) // it acknowledges what was never sent
            return
        }
        if (p.acks) this.receiveAck(p)
        if ((this.state as TcpState) === "closed") return
        this.receiveData(p)
    }

    /** RFC 5961, 3.2: only a reset that hits the next byte is believed. */
    private receiveReset(p: TcpPacket) {
        const ahead = after(p.seq, this.receiveNxt)
        if (ahead > 0 && ahead < this.advertised) this.packet({})
        if (ahead !== 0) return
        const isOver = this.state === "closing" || this.state === "last-ack"
        this.end(() => (isOver ? this.user.closed() : this.user.reset()))
    }

    private receiveInSynSent(p: TcpPacket) {
        const good = p.acks && p.ack === (this.sendUna + 1) >>> 0
        if (p.rst) {
            if (good) this.end(() => this.user.reset())
            return
        }
        if (p.acks && !good) {
            // a half-open connection at the other side: RFC 9293, figure 9
            this.packet({ seq: p.ack, acks: false, rst: true })
            return
        }
        if (!p.syn || !p.acks) return
        this.receiveNxt = (p.seq + 1) >>> 0
        this.sendUna = p.ack
        this.sendNxt = p.ack
        this.sendWindow = p.window
        this.state = "established"
        this.stopRetry()
        this.packet({})
        this.user.established()
        this.push()
    }

    private receiveAck(p: TcpPacket) {
        if (this.state === "syn-received") {
            if (after(p.ack, this.sendUna) <= 0) return
            this.sendUna = (this.sendUna + 1) >>> 0
            this.state = "established"
            this.stopRetry()
            this.user.established()
        }
        this.sendWindow = p.window
        if (this.isProbing) this.stopRetry()
        this.isAnswered = true
        // a window that was shut had no room for it: it is sent anew with the
        // rest, or there would be a hole in what the peer gets
        if (this.isPastWindow && p.ack === this.sendUna) {
            this.sendNxt = this.sendUna
            this.finSent = this.finAcked
        }
        if (p.window > 0) this.isPastWindow = false
        let count = after(p.ack, this.sendUna)
        if (count > 0) {
            this.sendUna = p.ack
            if (after(p.ack, this.sendNxt) > 0) this.sendNxt = p.ack
            this.stopRetry()
            this.finAcked = this.finSent && count > this.queue.length
            if (this.finAcked) count--
            this.queue = this.queue.subarray(count)
            if (count) this.user.acknowledged(count)
            const isOver = this.state === "closing" || this.state === "last-ack"
            if (this.finAcked && isOver)
                return this.end(() => this.user.closed())
        }
        this.push()
    }

    private receiveData(p: TcpPacket) {
        if (!p.data.length && !p.fin) return
        const skip = after(this.receiveNxt, p.seq)
        if (skip < 0 || skip > p.data.length) {
            this.packet({}) // out of order, or wholly old
            return
        }
        const fresh = p.data.subarray(skip)
        const taken = fresh.length ? this.user.receive(fresh) : 0
        this.receiveNxt = (this.receiveNxt + taken) >>> 0
        const fin = p.fin && taken === fresh.length
        if (fin) this.receiveNxt = (this.receiveNxt + 1) >>> 0
        this.packet({})
        if (fin) this.receiveFin()
    }

    private receiveFin() {
        if (this.state === "established") {
            this.state = "close-wait"
            this.user.finished()
        } else if (this.state === "fin-wait") {
            if (this.finAcked) this.end(() => this.user.closed())
            else this.state = "closing"
        }
    }

    /** Sends what the peer's window lets through. */
    private push() {
        if (!SENDING.includes(this.state)) return
        for (;;) {
            const sent = after(this.sendNxt, this.sendUna)
            if (this.finSent || sent > this.queue.length) break
            const room = this.sendWindow - sent
            const n = Math.min(MSS, this.queue.length - sent, room)
            if (n <= 0) break
            this.packet({ data: this.queue.slice(sent, sent + n) })
            this.sendNxt = (this.sendNxt + n) >>> 0
        }
        const sent = after(this.sendNxt, this.sendUna)
        if (this.finWanted && !this.finSent && sent === this.queue.length) {
            if (this.state === "established") this.state = "fin-wait"
            else if (this.state === "close-wait") this.state = "last-ack"
            this.packet({ fin: true })
            this.finSent = true
            this.sendNxt = (this.sendNxt + 1) >>> 0
        }
        if (after(this.sendNxt, this.sendMax) > 0) this.sendMax = this.sendNxt
        const waiting = this.sendNxt !== this.sendUna || this.queue.length > 0
        if (waiting) this.startRetry(this.opts.retryUs)
    }

    private sendSyn() {
        const isAnswer = this.state === "syn-received"
        this.packet({ seq: this.sendUna, syn: true, acks: isAnswer })
        this.sendNxt = this.sendMax = (this.sendUna + 1) >>> 0
        this.startRetry(this.opts.synRetryUs)
    }

    private startRetry(firstUs: number) {
        if (this.retry) return
        const wait = Math.min(firstUs * 2 ** this.tries, this.opts.maxRetryUs)
        this.retry = this.world.after(wait, () => {
            this.retry = undefined
            if (this.tries++ >= this.opts.retries)
                return this.end(() => this.user.timedOut())
            if (this.state === "syn-sent" || this.state === "syn-received")
                return this.sendSyn()
            this.sendAgain()
        })
    }

    /** From the first byte that is not acknowledged; a byte past a shut window. */
    private sendAgain() {
        if (this.isProbing) {
            this.sendProbe()
            this.startRetry(this.opts.retryUs)
            return
        }
        this.sendNxt = this.sendUna
        this.finSent = this.finAcked
        if (this.sendWindow === 0 && this.queue.length) {
            this.packet({ data: this.queue.slice(0, 1) })
            this.sendNxt = (this.sendUna + 1) >>> 0
            this.isPastWindow = true
            // RFC 1122, 4.2.2.17: a peer that is only slow is not given up
            if (this.isAnswered) this.tries = 0
            this.isAnswered = false
        }
        this.push()
    }

    private stopRetry() {
        if (this.retry) this.retry.cancelled = true
        this.retry = undefined
        this.isProbing = false
        this.tries = 0
    }

    private end(tell: () => void) {
        this.forget()
        tell()
    }

    /** Hot: spreading `what` over a blank packet would take much longer. */
    private packet(what: Partial<TcpPacket>) {
        this.advertised = this.user.window()
        this.emit({
            kind: "tcp",
            src: this.local,
            dst: this.remote,
            seq: what.seq ?? this.sendNxt,
            ack: this.receiveNxt,
            syn: what.syn ?? false,
            fin: what.fin ?? false,
            rst: what.rst ?? false,
            acks: what.acks ?? true,
            window: this.advertised,
            data: what.data ?? NOTHING,
        })
    }
}

/** The answer to a segment of a connection that nobody knows. */
export function resetFor(p: TcpPacket): TcpPacket | undefined {
    if (p.rst) return undefined
    const length = p.data.length + (p.syn ? 1 : 0) + (p.fin ? 1 : 0)
    return {
        kind: "tcp",
        src: p.dst,
        dst: p.src,
        seq: p.acks ? p.ack : 0,
        ack: (p.seq + length) >>> 0,
        syn: false,
        fin: false,
        rst: true,
        acks: !p.acks,
        window: 0,
        data: NOTHING,
    }
}
