/** An SD card as its SPI master sees it: commands, tokens and blocks. */
import assert from "node:assert/strict"
import { SdCard, type CardOptions } from "../../../devs/bench/sdcard/card.ts"
import { crc16, crc7 } from "../../../devs/bench/sdcard/crc.ts"
import { MemoryMedia, type Media } from "../../../devs/bench/sdcard/media.ts"
import { instantTiming } from "../../../devs/bench/sdcard/timing.ts"
import { Random } from "../../../devs/sim/random.ts"
import { World } from "../../../devs/sim/world.ts"

export const INIT_HZ = 398_089
export const FAST_HZ = 31_250_000
/** N_CR: a response comes at the latest so many bytes after its command. */
const MAX_RESPONSE_GAP = 8
/** No card waits longer for anything. */
const LIMIT_US = 600_000

export const IDLE = 0x01
export const READY = 0x00
export const ILLEGAL = 0x04
export const NO_ANSWER = 0xff

export class SdMaster {
    readonly world: World
    readonly card: SdCard
    hz = INIT_HZ

    constructor(
        readonly media: Media = new MemoryMedia(64 * 1024),
        options: Partial<CardOptions> = {},
        seed = 1,
        world = new World(),
    ) {
        this.world = world
        this.card = new SdCard(world, media, new Random(seed), {
            timing: instantTiming,
            ...options,
        })
        this.card.powered(true)
    }

    /** Clocks bytes with the card selected; the world's clock follows. */
    xfer(...bytes: number[]): number[] {
        const data = Uint8Array.from(bytes)
        this.card.exchange(data, this.hz)
        this.world.runUntil(this.world.now + (data.length * 8e6) / this.hz)
        return [...data]
    }

    idle(count: number): number[] {
        return this.xfer(...Array(count).fill(0xff))
    }

    select() {
        this.card.select(true)
    }

    deselect() {
        this.card.select(false)
    }

    /** The 74 clocks and more that a card wants first. */
    wake() {
        this.card.idleClocks(10)
    }

    /** Sends a command, its CRC right unless given. @returns R1 and more */
    command(index: number, arg = 0, more = 0, crc?: number): number[] {
        const f = [
            0x40 | index,
            arg >>> 24,
            (arg >>> 16) & 255,
            (arg >>> 8) & 255,
            arg & 255,
        ]
        this.xfer(...f, crc ?? crc7(f))
        for (let gap = 0; gap <= MAX_RESPONSE_GAP; gap++) {
            const [r1] = this.idle(1)
            if (r1 < 0x80) return [r1, ...this.idle(more)]
        }
        return [NO_ANSWER]
    }

    /** A command of its own: select, command, deselect. @returns R1 */
    simple(index: number, arg = 0): number {
        this.select()
        const [r1] = this.command(index, arg)
        this.deselect()
        return r1
    }

    app(index: number, arg = 0): number {
        this.simple(55)
        return this.simple(index, arg)
    }

    /** CMD12 for a read: a stuff byte comes before R1, and busy after it. */
    stopReading() {
        const f = [0x4c, 0, 0, 0, 0]
        this.xfer(...f, crc7(f))
        this.idle(1)
        const answer = this.idle(MAX_RESPONSE_GAP + 1)
        assert.equal(
            answer.find(b => b !== 0xff),
            READY,
        )
        this.untilReady()
    }

    /** Waits for a byte that is not 0xff. */
    token(limitUs = LIMIT_US): number {
        const until = this.world.now + limitUs
        while (this.world.now < until) {
            const [byte] = this.idle(1)
            if (byte !== 0xff) return byte
        }
        return assert.fail("no token comes")
    }

    /** A data block that comes; its CRC must be right. */
    block(size = 512): Buffer {
        assert.equal(this.token(), 0xfe)
        const data = Buffer.from(this.idle(size))
        const [hi, lo] = this.idle(2)
        assert.equal((hi << 8) | lo, crc16(data))
        return data
    }

    /** Sends a data block. @returns the data response's five bits */
    put(token: number, data: Uint8Array, crc = crc16(data)): number {
        this.xfer(0xff, token, ...data, crc >> 8, crc & 255)
        return this.idle(1)[0] & 0x1f
    }

    /** Waits until the card is not busy. @returns microseconds */
    untilReady(): number {
        const start = this.world.now
        const isBusy = () => this.idle(1)[0] !== 0xff
        while (isBusy()) assert.ok(this.world.now - start < LIMIT_US)
        return this.world.now - start
    }

    /** Initialises the card, and goes to full speed. */
    start(): this {
        this.wake()
        assert.equal(this.simple(0), IDLE)
        this.select()
        assert.deepEqual(this.command(8, 0x1aa, 4), [IDLE, 0, 0, 1, 0xaa])
        this.deselect()
        const until = this.world.now + 1e6
        while (this.app(41, 0x40000000) !== READY)
            assert.ok(this.world.now < until, "ACMD41 takes too long")
        this.hz = 20_000_000
        return this
    }

    read(arg: number): Buffer {
        this.select()
        assert.equal(this.command(17, arg)[0], READY)
        const data = this.block()
        this.deselect()
        return data
    }

    /** Writes a sector and waits for its end. @returns the data response */
    write(arg: number, data: Uint8Array): number {
        this.select()
        assert.equal(this.command(24, arg)[0], READY)
        const response = this.put(0xfe, data)
        this.untilReady()
        this.deselect()
        return response
    }

    /** CMD13: both bytes of R2. */
    status(): number[] {
        this.select()
        const r2 = this.command(13, 0, 1)
        this.deselect()
        return r2
    }
}

/** A sector that tells which it is. */
export function sector(n: number): Buffer {
    const data = Buffer.alloc(512)
    for (let at = 0; at < 512; at += 4) data.writeUInt32LE(n * 512 + at, at)
    return data
}
