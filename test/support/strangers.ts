/** Stations on the LAN that speak to a board's port for its partner. */
import { ipFrom, type TcpPacket } from "../../devs/bench/net/ethernet.ts"
import { Host } from "../../devs/bench/net/host.ts"
import { other, type BoardName } from "../../devs/bench/pair.ts"
import { PORTALS, type VirtualBench } from "../../devs/bench/virtual.ts"
import { overLan } from "../../devs/initiator/transport.ts"
import { Random } from "../../devs/sim/random.ts"

/** `LAN_PORT` in src/wire/record.ts */
export const LAN_PORT = 3261
const MAC = "0200000002aa"

/** Bytes that mean nothing, and are the same in each run. */
export function noise(size: number, seed = 1): Buffer {
    return Buffer.from(new Random(seed).bytes(size))
}

/** What a board has sent to its partner over the LAN, in order. */
export class Recorder {
    readonly sent: Buffer[] = []

    constructor(bench: VirtualBench, from: BoardName) {
        const ip = ipFrom(PORTALS[from].ip)
        bench.pair.lan.fault = packet => {
            if (packet.kind === "tcp" && this.isWanted(packet, ip))
                this.sent.push(Buffer.from(packet.data))
            return packet
        }
    }

    private isWanted({ src, dst, data }: TcpPacket, ip: number) {
        const isOurs = src.ip === ip && src.port !== 3260
        return isOurs && data.length > 0 && dst.port !== 3260
    }
}

/** Another station with a board's address: that one's cables are pulled first. */
export function impostor(bench: VirtualBench, name: BoardName): Host {
    bench.pair.cut(`lan-${name}`, true)
    const ip = ipFrom(PORTALS[name].ip)
    return new Host(bench.world, bench.pair.lan, ip, MAC, bench.random.fork())
}

/**
 * Connects, says something, and waits until the connection ends.
 * @returns what was answered
 */
export async function say(
    bench: VirtualBench,
    host: Host,
    to: BoardName,
    words: Buffer[],
): Promise<Buffer> {
    const heard: Buffer[] = []
    let isOver = false
    const remote = { ip: ipFrom(PORTALS[to].ip), port: LAN_PORT }
    const transport = overLan(
        host,
        remote,
    )({
        connected: () => {
            for (const w of words) transport.send(w)
        },
        received: data => void heard.push(Buffer.from(data)),
        closed: () => {
            isOver = true
        },
    })
    const until = bench.world.now + 2.5e6
    while (!isOver && bench.world.now < until) await bench.script.sleep(1000)
    transport.abort()
    return Buffer.concat(heard)
}

/** Both boards go over the LAN, for the cable between them is cut. */
export async function untilOnLan(bench: VirtualBench, name: BoardName = "b") {
    for (const board of [name, other(name)])
        while (!bench.said(board, /goes over the LAN/))
            await bench.script.sleep(10_000)
}
