/** A W5500 as its SPI master sees it: frames, registers and commands. */
import assert from "node:assert/strict"
import type { Segment } from "../../../devs/bench/net/ethernet.ts"
import { W5500 } from "../../../devs/bench/w5500/chip.ts"
import {
    BlockKind,
    Command,
    Common,
    Protocol,
    Sn,
    Status,
} from "../../../devs/bench/w5500/registers.ts"
import { Random } from "../../../devs/sim/random.ts"
import type { World } from "../../../devs/sim/world.ts"

export const SPI_HZ = 31_250_000
const WRITE = 0x04
/** All commands are accepted by then. */
const COMMAND_LIMIT_US = 10

/** Block select bits, W5500 datasheet 2.2.2. */
export function block(socket: number, kind: BlockKind) {
    return socket * 4 + kind
}

export class W5500Master {
    readonly chip: W5500

    constructor(
        private readonly world: World,
        segment: Segment,
        seed = 1,
    ) {
        this.chip = new W5500(world, segment, new Random(seed))
        this.chip.powered(true)
    }

    /** One SPI frame. @returns what came back after the three header bytes */
    frame(at: number, control: number, data: Uint8Array): Uint8Array {
        const f = Uint8Array.of(at >> 8, at & 255, control, ...data)
        this.chip.select(true)
        this.chip.exchange(f, SPI_HZ)
        this.chip.select(false)
        return f.subarray(3)
    }

    read(blockSelect: number, at: number, count: number): Uint8Array {
        return this.frame(at, blockSelect << 3, new Uint8Array(count))
    }

    write(blockSelect: number, at: number, ...data: number[]) {
        this.frame(at, (blockSelect << 3) | WRITE, Uint8Array.from(data))
    }

    /// Common registers ///

    common(at: number, count = 1): number[] {
        return [...this.read(0, at, count)]
    }

    setCommon(at: number, ...data: number[]) {
        this.write(0, at, ...data)
    }

    /** Gives the chip its addresses. */
    setAddress(ip: number, mac: string) {
        this.setCommon(Common.SHAR, ...Buffer.from(mac, "hex"))
        this.setCommon(Common.SIPR, ...bytesOf(ip))
    }

    /// Sockets ///

    get8(n: number, at: number) {
        return this.read(block(n, BlockKind.Socket), at, 1)[0]
    }

    get16(n: number, at: number) {
        const [hi, lo] = this.read(block(n, BlockKind.Socket), at, 2)
        return (hi << 8) | lo
    }

    /** A size, read until two reads agree, as the datasheet wants it. */
    size(n: number, at: number): number {
        for (let last = -1; ;) {
            const size = this.get16(n, at)
            if (size === last) return size
            last = size
        }
    }

    set(n: number, at: number, ...data: number[]) {
        this.write(block(n, BlockKind.Socket), at, ...data)
    }

    set16(n: number, at: number, value: number) {
        this.set(n, at, (value >> 8) & 255, value & 255)
    }

    status(n: number): Status {
        return this.get8(n, Sn.SR)
    }

    interrupts(n: number) {
        return this.get8(n, Sn.IR)
    }

    /** Orders a command, and waits until the chip has accepted it. */
    command(n: number, command: Command) {
        this.set(n, Sn.CR, command)
        this.world.runUntil(this.world.now + COMMAND_LIMIT_US)
        assert.equal(this.get8(n, Sn.CR), 0, `${Command[command]} is accepted`)
    }

    open(n: number, protocol: Protocol, port: number) {
        this.set(n, Sn.MR, protocol)
        this.set16(n, Sn.PORT, port)
        this.command(n, Command.Open)
    }

    listen(n: number, port: number) {
        this.open(n, Protocol.Tcp, port)
        this.command(n, Command.Listen)
        assert.equal(this.status(n), Status.Listen)
    }

    setRemote(n: number, ip: number, port: number) {
        this.set(n, Sn.DIPR, ...bytesOf(ip))
        this.set16(n, Sn.DPORT, port)
    }

    connect(n: number, localPort: number, ip: number, port: number) {
        this.open(n, Protocol.Tcp, localPort)
        this.setRemote(n, ip, port)
        this.command(n, Command.Connect)
    }

    /** Puts data behind what is there already; SEND is not ordered. */
    fill(n: number, data: Uint8Array) {
        const at = this.get16(n, Sn.TX_WR)
        this.write(block(n, BlockKind.Tx), at, ...data)
        this.set16(n, Sn.TX_WR, at + data.length)
    }

    send(n: number, data: Uint8Array) {
        this.fill(n, data)
        this.command(n, Command.Send)
    }

    /** Takes received bytes, all of them unless told otherwise. */
    receive(n: number, count = this.size(n, Sn.RX_RSR)): Buffer {
        const at = this.get16(n, Sn.RX_RD)
        const data = this.read(block(n, BlockKind.Rx), at, count)
        this.set16(n, Sn.RX_RD, at + count)
        this.command(n, Command.Recv)
        return Buffer.from(data)
    }

    /** Lets the world go on until a socket has a status. */
    until(n: number, status: Status, limitUs = 1e6) {
        this.world.runWhile(
            () => this.status(n) !== status,
            limitUs,
            `socket ${n}: ${Status[status]}, not ${Status[this.status(n)]},`,
        )
    }
}

function bytesOf(ip: number) {
    return [24, 16, 8, 0].map(shift => (ip >>> shift) & 255)
}
