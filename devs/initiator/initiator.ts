/**
 * A small iSCSI initiator for tests: one session over one connection, any
 * number of commands in flight, and every detail under the test's control.
 */
import {
    BHS,
    decodeText,
    encode,
    encodeText,
    header,
    NO_TAG,
    PduReader,
    type Pdu,
} from "./pdu.ts"
import { BLOCK, cdbs, senseOf } from "./scsi.ts"
import type { Connect, Transport } from "./transport.ts"

type Keys = Record<string, string>
/** What an initiator says to the keys CHAP_A, CHAP_I and CHAP_C. */
export type RespondToChallenge = (challenge: Keys) => Keys

export interface InitiatorOptions {
    connect: Connect
    name?: string
    /** 6 bytes as hex; the same again reinstates the session */
    isid?: string
    /** the target's name; none: a discovery session */
    target?: string
    /** offers that differ from the ones below */
    keys?: Record<string, string | number>
    lun?: number
    /** CHAP instead of no authentication */
    chap?: RespondToChallenge
    /** called whenever a promise was settled; see `runUntilDone` */
    settled?: () => void
}

export interface Result {
    status: number
    /** `Sense` of src/wire/scsi.ts, or 0 */
    sense: number
    data: Buffer
    /** positive: underflow, negative: overflow */
    residual: number
}

const OFFERS = {
    HeaderDigest: "None",
    DataDigest: "None",
    InitialR2T: "No",
    ImmediateData: "Yes",
    MaxBurstLength: 262144,
    FirstBurstLength: 65536,
    MaxRecvDataSegmentLength: 262144,
    MaxConnections: 1,
    MaxOutstandingR2T: 1,
    DefaultTime2Wait: 2,
    DefaultTime2Retain: 0,
    DataPDUInOrder: "Yes",
    DataSequenceInOrder: "Yes",
    ErrorRecoveryLevel: 0,
}

/** The connection is gone: what was under way may or may not have happened. */
export class ConnectionLost extends Error {}

/** The target was asked to end the command, and will not answer it. */
export class CommandAborted extends Error {}

/** The target refused a login. */
export class LoginRefused extends Error {
    constructor(readonly status: number) {
        super(`login refused: ${status.toString(16).padStart(4, "0")}`)
    }
}

interface Command {
    itt: number
    cdb: Buffer
    out?: Buffer
    expect: number
    got: Buffer
    resolve(r: Result): void
    reject(e: Error): void
}

/** Opcodes of targets have this bit; RFC 7143, 11.2.1.2 */
const FROM_TARGET = 0x20

type Waiter = { resolve(pdu: Pdu): void; reject(e: Error): void }

export class Initiator {
    private transport?: Transport
    /** connections so far */
    private connections = 0
    private reader = new PduReader()
    /** grows with all that comes from the target */
    heard = 0
    /** PDUs that no target sends */
    garbled = 0
    /** of the next command */
    cmdSn = 1
    private expStatSn = 0
    private maxCmdSn = 1
    private nextItt = 1
    private readonly commands = new Map<number, Command>()
    private readonly waiters = new Map<number, Waiter>()
    private readonly queue: Command[] = []
    private lost?: ConnectionLost
    /** what was agreed on at login */
    keys: Record<string, string> = {}
    /** PDUs that nobody waited for, such as Reject and NOP-In */
    readonly unexpected: Pdu[] = []

    constructor(private readonly opts: InitiatorOptions) {}

    get isConnected() {
        return !!this.transport && !this.lost
    }

    /** Commands that have been sent, or wait for the window. */
    get inFlight() {
        return this.commands.size + this.queue.length
    }

    /** Connects and logs in; again after a loss, as the same session. */
    async login() {
        await this.open()
        const first = {
            InitiatorName: this.opts.name ?? "iqn.2026-11.com.example:test",
            ...(this.opts.target
                ? { TargetName: this.opts.target, SessionType: "Normal" }
                : { SessionType: "Discovery" }),
            AuthMethod: "None",
        }
        if (this.opts.chap) await this.showSecret(first, this.opts.chap)
        else await this.loginStep(0, 1, first)
        await this.loginStep(1, 3, { ...OFFERS, ...this.opts.keys })
    }

    /** Connects and sends nothing. */
    open(): Promise<void> {
        this.lost = undefined
        this.reader = new PduReader()
        this.cmdSn = this.maxCmdSn = 1
        this.expStatSn = 0
        this.keys = {}
        const connection = ++this.connections
        const isCurrent = () => connection === this.connections
        return new Promise((resolve, reject) => {
            this.transport = this.opts.connect({
                connected: () => this.settle(resolve),
                received: data => {
                    if (!isCurrent()) return
                    this.heard++
                    this.received(data)
                },
                closed: why => {
                    // an earlier connection may end while this one is used
                    if (isCurrent()) this.fail(why)
                    this.settle(() => reject(new ConnectionLost(why)))
                },
            })
        })
    }

    /** Sends bytes as they are. */
    sendRaw(data: Uint8Array) {
        this.transport?.send(data)
    }

    /** Ends the connection without a logout. */
    disconnect() {
        this.transport?.end()
        this.fail("disconnected by the test")
    }

    abort() {
        this.transport?.abort()
        this.fail("aborted by the test")
    }

    async logout() {
        const bhs = header(0x06 | 0x40, 0x80, this.nextItt++)
        await this.exchange(bhs)
        this.transport?.end()
    }

    /** Asks until the target agrees to go on to the next stage. */
    /** The security stage with CHAP: RFC 7143 12.1.3. */
    private async showSecret(
        first: Record<string, string>,
        respond: RespondToChallenge,
    ) {
        const ask = async (text: Record<string, string | number>) =>
            decodeText((await this.loginRequest(0, undefined, text)).data)
        await ask({ ...first, AuthMethod: "CHAP,None" })
        await this.loginStep(0, 1, respond(await ask({ CHAP_A: "5" })))
    }

    private async loginStep(
        stage: number,
        next: number,
        text: Record<string, string | number>,
    ) {
        const answer = await this.loginRequest(stage, next, text)
        Object.assign(this.keys, decodeText(answer.data))
        const isAgreed = (answer.bhs[1] & 0x80) !== 0
        if (!isAgreed) await this.loginStep(stage, next, {})
    }

    private async loginRequest(
        stage: number,
        next: number | undefined,
        text: Record<string, string | number>,
    ): Promise<Pdu> {
        const transit = next === undefined ? 0 : 0x80 | next
        const bhs = header(0x43, (stage << 2) | transit, this.nextItt++)
        bhs.write(this.opts.isid ?? "402a54570001", 8, "hex")
        bhs.writeUInt32BE(this.cmdSn, 24)
        bhs.writeUInt32BE(this.expStatSn, 28)
        const answer = await this.exchange(bhs, encodeText(text), true)
        const status = answer.bhs.readUInt16BE(36)
        if (status !== 0) {
            this.disconnect()
            throw new LoginRefused(status)
        }
        return answer
    }

    /** Sends a PDU and waits for the one with the same tag. */
    exchange(bhs: Buffer, data?: Buffer, isLogin = false): Promise<Pdu> {
        if (!isLogin) {
            bhs.writeUInt32BE(this.cmdSn, 24)
            bhs.writeUInt32BE(this.expStatSn, 28)
        }
        return new Promise((resolve, reject) => {
            if (this.lost) return reject(this.lost)
            this.waiters.set(bhs.readUInt32BE(16), { resolve, reject })
            this.sendRaw(encode(bhs, data))
        })
    }

    /** SendTargets=All: text keys of the answer, in order. */
    async sendTargets(): Promise<string[]> {
        const bhs = header(0x04 | 0x40, 0x80, this.nextItt++)
        bhs.writeUInt32BE(NO_TAG, 20)
        const answer = await this.exchange(
            bhs,
            encodeText({ SendTargets: "All" }),
        )
        return answer.data.toString().split("\0").filter(Boolean)
    }

    /** NOP-Out with data; the target sends them back. */
    async ping(data: Buffer): Promise<Buffer> {
        const bhs = header(0x00 | 0x40, 0x80, this.nextItt++)
        bhs.writeUInt32BE(NO_TAG, 20)
        return (await this.exchange(bhs, data)).data
    }

    /** Task management, immediate. @returns the response code */
    async manage(fn: number, referenced = NO_TAG): Promise<number> {
        const bhs = header(0x02 | 0x40, 0x80 | fn, this.nextItt++)
        this.putLun(bhs)
        bhs.writeUInt32BE(referenced, 20)
        return (await this.exchange(bhs)).bhs[2]
    }

    /** Task tags of the commands that were sent and not answered. */
    get tags() {
        return [...this.commands.keys()]
    }

    /**
     * The target has aborted what was under way: no answer will come.
     * @param tags of commands that were sent before it was asked to
     */
    forgetCommands(tags: number[]) {
        const gone = [...this.commands.values()].filter(c =>
            tags.includes(c.itt),
        )
        for (const c of gone) this.commands.delete(c.itt)
        this.settle(() => {
            for (const c of gone) c.reject(new CommandAborted("aborted"))
        })
    }

    /// SCSI ///

    /**
     * Carries out a command.
     * @param expect bytes to read; ignored when there are data to write
     */
    command(cdb: Buffer, expect = 0, out?: Buffer): Promise<Result> {
        return new Promise((resolve, reject) => {
            if (this.lost) return reject(this.lost)
            const got = Buffer.alloc(out ? 0 : expect)
            const itt = this.nextItt++
            const c = { itt, cdb, out, expect, got, resolve, reject }
            this.queue.push(c)
            this.pump()
        })
    }

    read(lba: number, blocks: number, fua = false) {
        return this.command(cdbs.read10(lba, blocks, fua), blocks * BLOCK)
    }

    write(lba: number, data: Buffer, fua = false) {
        const cdb = cdbs.write10(lba, data.length / BLOCK, fua)
        return this.command(cdb, 0, data)
    }

    synchronize() {
        return this.command(cdbs.synchronizeCache10())
    }

    /** Takes the unit attentions that a new session gets. */
    async ready() {
        for (let i = 0; i < 5; i++) {
            const r = await this.command(cdbs.testUnitReady())
            if (r.status === 0) return
        }
        throw new Error("the unit does not become ready")
    }

    /** Sends what the window allows. */
    private pump() {
        while (this.queue.length) {
            if (((this.maxCmdSn - this.cmdSn) | 0) < 0) return
            this.start(this.queue.shift()!)
        }
    }

    private start(c: Command) {
        this.commands.set(c.itt, c)
        const isWrite = !!c.out
        const length = isWrite ? c.out!.length : c.expect
        const immediate = isWrite ? this.immediateLength(length) : 0
        const unsolicited = isWrite ? this.firstBurst(length) : 0
        const isFinal = unsolicited <= immediate
        const direction = isWrite ? 0x20 : c.expect ? 0x40 : 0
        const bhs = header(0x01, (isFinal ? 0x80 : 0) | direction, c.itt)
        this.putLun(bhs)
        bhs.writeUInt32BE(length, 20)
        bhs.writeUInt32BE(this.cmdSn, 24)
        bhs.writeUInt32BE(this.expStatSn, 28)
        c.cdb.copy(bhs, 32)
        this.cmdSn = (this.cmdSn + 1) >>> 0
        this.sendRaw(encode(bhs, c.out?.subarray(0, immediate)))
        if (!isFinal) this.sendData(c, NO_TAG, immediate, unsolicited)
    }

    private number(key: string, otherwise: number) {
        return Number(this.keys[key] ?? otherwise)
    }

    private immediateLength(length: number) {
        if (this.keys.ImmediateData === "No") return 0
        return Math.min(
            length,
            this.number("FirstBurstLength", 65536),
            this.number("MaxRecvDataSegmentLength", 8192),
        )
    }

    private firstBurst(length: number) {
        if (this.keys.InitialR2T !== "No") return 0
        return Math.min(length, this.number("FirstBurstLength", 65536))
    }

    /** Sends Data-Out PDUs for bytes `from` to `to`. */
    private sendData(c: Command, ttt: number, from: number, to: number) {
        const size = this.number("MaxRecvDataSegmentLength", 8192)
        for (let sn = 0, at = from; at < to; sn++) {
            const end = Math.min(at + size, to)
            const bhs = header(0x05, end === to ? 0x80 : 0, c.itt)
            this.putLun(bhs)
            bhs.writeUInt32BE(ttt, 20)
            bhs.writeUInt32BE(this.expStatSn, 28)
            bhs.writeUInt32BE(sn, 36)
            bhs.writeUInt32BE(at, 40)
            this.sendRaw(encode(bhs, c.out!.subarray(at, end)))
            at = end
        }
    }

    private putLun(bhs: Buffer) {
        bhs.writeUInt16BE(this.opts.lun ?? 0, 8)
    }

    /// Receiving ///

    private received(data: Uint8Array) {
        for (const pdu of this.reader.push(data)) this.handle(pdu)
    }

    private handle(pdu: Pdu) {
        const { bhs } = pdu
        const opcode = bhs[0] & 0x3f
        if (!(opcode & FROM_TARGET)) this.garbled++
        const itt = bhs.readUInt32BE(16)
        const hasStatSn = opcode !== 0x31 && (opcode !== 0x25 || bhs[1] & 1)
        if (hasStatSn) this.expStatSn = (bhs.readUInt32BE(24) + 1) >>> 0
        const max = bhs.readUInt32BE(32)
        if (((max - this.maxCmdSn) | 0) > 0) this.maxCmdSn = max
        const command = this.commands.get(itt)
        const waiter = this.waiters.get(itt)
        if (opcode === 0x25 && command) this.dataIn(command, pdu)
        else if (opcode === 0x31 && command) {
            const at = bhs.readUInt32BE(40)
            const end = at + bhs.readUInt32BE(44)
            this.sendData(command, bhs.readUInt32BE(20), at, end)
        } else if (opcode === 0x21 && command)
            this.finish(command, bhs, bhs[3], senseOf(pdu.data))
        else if (waiter) {
            this.waiters.delete(itt)
            this.settle(() => waiter.resolve(pdu))
        } else this.unexpected.push(pdu)
        this.pump()
    }

    private dataIn(c: Command, { bhs, data }: Pdu) {
        data.copy(c.got, bhs.readUInt32BE(40))
        if (bhs[1] & 1) this.finish(c, bhs, bhs[3], 0)
    }

    private finish(c: Command, bhs: Buffer, status: number, sense: number) {
        this.commands.delete(c.itt)
        const count = bhs.readUInt32BE(44)
        const residual = bhs[1] & 2 ? count : bhs[1] & 4 ? -count : 0
        const data =
            residual > 0 ? c.got.subarray(0, c.got.length - residual) : c.got
        this.settle(() => c.resolve({ status, sense, data, residual }))
    }

    private fail(why: string) {
        if (this.lost) return
        const lost = new ConnectionLost(why)
        this.lost = lost
        const all = [...this.commands.values(), ...this.queue.splice(0)]
        this.commands.clear()
        const waiters = [...this.waiters.values()]
        this.waiters.clear()
        this.settle(() => {
            for (const x of [...all, ...waiters]) x.reject(lost)
        })
    }

    private settle(f: () => void) {
        f()
        this.opts.settled?.()
    }
}

export { BHS, BLOCK }
