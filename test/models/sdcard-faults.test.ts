/** What befalls an SD card that no command asked for. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { crc16 } from "../../devs/bench/sdcard/crc.ts"
import {
    atomicSector,
    tornSector,
    type Damage,
} from "../../devs/bench/sdcard/flash.ts"
import { Output } from "../../devs/bench/sdcard/output.ts"
import { instantTiming } from "../../devs/bench/sdcard/timing.ts"
import { Random } from "../../devs/sim/random.ts"
import { SdMaster, sector } from "./support/sdcard.ts"

const ACCEPTED = 0x05
const CRC_ERROR = 0x0b
const BLOCK = 0xfe
const MULTI = 0xfc
const MS = 1000

/** Numbers of the bits that differ. */
function flipped(was: Uint8Array, is: Uint8Array): number[] {
    const bits: number[] = []
    for (let bit = 0; bit < was.length * 8; bit++)
        if (((was[bit >> 3] ^ is[bit >> 3]) >> (bit & 7)) & 1) bits.push(bit)
    return bits
}

/// Writes ///

test("a lost write is accepted, and the medium keeps what it had", () => {
    const m = new SdMaster().start()
    m.write(5, sector(1))
    m.card.faults.lostWrite = true
    assert.equal(m.write(5, sector(2)), ACCEPTED)
    assert.deepEqual(m.status(), [0, 0])
    assert.deepEqual(m.read(5), sector(1))
    m.write(5, sector(3))
    assert.deepEqual(m.read(5), sector(3), "only one is lost")
})

test("a misdirected write goes to another sector, and only one does", () => {
    const m = new SdMaster().start()
    m.card.faults.misdirect = 9
    assert.equal(m.write(5, sector(1)), ACCEPTED)
    m.write(6, sector(2))
    assert.deepEqual(m.read(5), Buffer.alloc(512))
    assert.deepEqual([m.read(9), m.read(6)], [sector(1), sector(2)])
})

test("a block that arrives with a wrong CRC is refused, and its repeat is not", () => {
    const m = new SdMaster().start()
    m.card.faults.writeCrcError = true
    assert.equal(m.write(5, sector(1)), CRC_ERROR)
    assert.deepEqual(m.read(5), Buffer.alloc(512))
    assert.equal(m.write(5, sector(1)), ACCEPTED)
    assert.deepEqual(m.read(5), sector(1))
})

/// Reads ///

test("a block that flips a bit on the bus comes with the right data's CRC", () => {
    const m = new SdMaster().start()
    m.write(5, sector(1))
    m.card.faults.readCrcError = true
    m.select()
    m.command(17, 5)
    assert.equal(m.token(), BLOCK)
    const data = Uint8Array.from(m.idle(512))
    const [hi, lo] = m.idle(2)
    m.deselect()
    assert.equal(flipped(sector(1), data).length, 1)
    assert.equal((hi << 8) | lo, crc16(sector(1)))
    assert.deepEqual(m.read(5), sector(1), "the sector is whole")
})

test("any bit of the block may flip, and none of its CRC", () => {
    for (const [bit, byte, value] of [
        [0, 511, 0x01],
        [7, 511, 0x80],
        [4095, 0, 0x80],
    ]) {
        const output = new Output()
        output.addBlock(new Uint8Array(512), 1)
        output.flipDataBit(bit)
        const sent = Array.from({ length: output.left }, () => output.next())
        const changed = new Uint8Array(512)
        changed[byte] = value
        assert.deepEqual(sent, [0xff, BLOCK, ...changed, 0, 0])
    }
})

test("a read answers with the error token that is wanted", () => {
    const m = new SdMaster().start()
    const CARD_ECC_FAILED = 0x04
    m.card.faults.errorToken = CARD_ECC_FAILED
    m.select()
    m.command(17, 5)
    assert.equal(m.token(), CARD_ECC_FAILED)
    m.deselect()
    assert.deepEqual(m.read(5), Buffer.alloc(512))
})

test("rot flips one stored bit, with a CRC that is right", () => {
    const m = new SdMaster().start()
    m.write(5, sector(1))
    m.card.rot(5, new Random(1))
    assert.equal(flipped(sector(1), m.read(5)).length, 1)
    m.card.rot(5, new Random(1))
    assert.deepEqual(m.read(5), sector(1), "the same bit again")
})

/// Time ///

test("a slow card takes so many times longer until it is well again", () => {
    const timing = {
        ...instantTiming,
        accessUs: () => 2 * MS,
        programUs: () => 3 * MS,
    }
    const m = new SdMaster(undefined, { timing }).start()
    const took = (f: () => void) => {
        const start = m.world.now
        f()
        return Math.floor((m.world.now - start) / MS)
    }
    const times = () => [
        took(() => m.write(5, sector(1))),
        took(() => m.read(5)),
    ]
    assert.deepEqual(times(), [3, 2])
    m.card.faults.slowFactor = 10
    assert.deepEqual(times(), [30, 20])
    m.card.faults.slowFactor = undefined
    assert.deepEqual(times(), [3, 2])
})

/// Losses of power ///

/** Loses power with four blocks of an open write, and tells what became. */
function loses(seed: number, set: (m: SdMaster) => void = () => {}) {
    const m = new SdMaster(undefined, {}, seed).start()
    set(m)
    const damaged: [number, Damage][] = []
    m.card.onDamage = (lba, how) => damaged.push([lba, how])
    m.select()
    m.command(25, 100)
    for (let n = 1; n <= 4; n++) {
        assert.equal(m.put(MULTI, sector(n)), ACCEPTED)
        m.untilReady()
    }
    m.card.powered(false)
    const became = [0, 1, 2, 3].map(n => {
        const is = Buffer.from(m.media.read(100 + n))
        if (is.equals(sector(n + 1))) return "new"
        return is.equals(Buffer.alloc(512)) ? "old" : "torn"
    })
    return { m, damaged, became }
}

const SEEDS = Array.from({ length: 100 }, (_, seed) => seed)

test("atomic sectors come out old or new, and in any order", () => {
    const all = SEEDS.map(seed => {
        const { damaged, became } = loses(seed, m => {
            m.card.flash.options.torn = atomicSector
        })
        assert.deepEqual(damaged, [], `seed ${seed}`)
        return became.join()
    })
    assert.ok(!all.some(became => became.includes("torn")))
    assert.equal(new Set(all).size, 16, "also a later one, and no earlier")
})

test("the card tells which sectors came out torn", () => {
    let torn = 0
    for (const seed of SEEDS) {
        const { damaged, became } = loses(seed, m => {
            m.card.flash.options.torn = tornSector
        })
        const wanted = [0, 1, 2, 3].filter(n => became[n] === "torn")
        assert.deepEqual(
            damaged,
            wanted.map(n => [100 + n, "torn"]),
            `seed ${seed}`,
        )
        torn += damaged.length
    }
    assert.ok(torn > 0)
})

test("damage to sectors that nobody wrote can be had at any time, and is told", () => {
    let told = 0
    for (const seed of SEEDS) {
        const { m, damaged } = loses(seed, m => {
            m.card.flash.options.neighbourDamage = 1
            m.card.flash.options.torn = atomicSector
        })
        for (const [lba, how] of damaged) {
            assert.equal(how, "neighbour")
            assert.ok(lba < 100 || lba > 103)
            assert.notDeepEqual(m.media.read(lba), new Uint8Array(512))
            told++
        }
    }
    assert.ok(told > 50, `${told}`)
    assert.ok(
        SEEDS.every(
            seed => !loses(seed).damaged.some(d => d[1] === "neighbour"),
        ),
    )
})
