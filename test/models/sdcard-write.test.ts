/** How the SD card model writes, and what a loss of power leaves (7.2.4). */
import assert from "node:assert/strict"
import { test } from "node:test"
import { tornSector } from "../../devs/bench/sdcard/flash.ts"
import { MemoryMedia } from "../../devs/bench/sdcard/media.ts"
import { instantTiming, typicalTiming } from "../../devs/bench/sdcard/timing.ts"
import { Random } from "../../devs/sim/random.ts"
import {
    ILLEGAL,
    INIT_HZ,
    NO_ANSWER,
    READY,
    SdMaster,
    sector,
} from "./support/sdcard.ts"

const ACCEPTED = 0x05
const CRC_ERROR = 0x0b
const WRITE_ERROR = 0x0d
const MULTI = 0xfc
const STOP = 0xfd
const MS = 1000

/** A card that takes 1 ms a block and 3 ms at the end of a write. */
function slow(seed = 1, options = {}) {
    const timing = {
        ...instantTiming,
        streamUs: () => MS,
        programUs: () => 3 * MS,
    }
    return new SdMaster(undefined, { timing, ...options }, seed).start()
}

/** Begins a multi-block write and sends blocks; leaves it open. */
function begin(m: SdMaster, lba: number, blocks: number) {
    m.select()
    assert.equal(m.command(25, lba)[0], READY)
    for (let n = 0; n < blocks; n++) {
        assert.equal(m.put(MULTI, sector(n)), ACCEPTED)
        m.untilReady()
    }
}

function stop(m: SdMaster) {
    m.xfer(0xff, STOP, 0xff)
    m.untilReady()
    m.deselect()
}

/// In order ///

test("CMD24 writes a block: data response, busy, and then it is there", () => {
    const m = slow()
    m.select()
    m.command(24, 9)
    assert.equal(m.put(0xfe, sector(1)), ACCEPTED)
    assert.deepEqual(m.idle(3), [0, 0, 0], "busy holds the line low")
    assert.deepEqual(m.media.read(9), new Uint8Array(512))
    const took = m.untilReady()
    m.deselect()
    assert.ok(took > 2.9 * MS && took < 3.1 * MS, `${took}`)
    assert.deepEqual(Buffer.from(m.media.read(9)), sector(1))
    assert.deepEqual(m.status(), [READY, 0])
    assert.deepEqual(m.read(9), sector(1))
})

test("CMD25 writes block after block until the stop token", () => {
    const m = slow()
    begin(m, 20, 4)
    stop(m)
    for (let n = 0; n < 4; n++)
        assert.deepEqual(Buffer.from(m.media.read(20 + n)), sector(n))
    assert.deepEqual(m.media.read(24), new Uint8Array(512))
    assert.deepEqual(m.status(), [READY, 0])
    assert.deepEqual(m.card.stats, { reads: 0, writes: 4, programs: 5 })
})

test("the card may be deselected between blocks, and while it is busy", () => {
    const m = slow()
    begin(m, 20, 1)
    m.put(MULTI, sector(1))
    m.deselect()
    m.world.runUntil(m.world.now + 100)
    m.select()
    assert.deepEqual(m.idle(2), [0, 0])
    m.untilReady()
    m.deselect()
    m.select()
    m.put(MULTI, sector(2))
    m.untilReady()
    stop(m)
    for (let n = 0; n < 3; n++)
        assert.deepEqual(Buffer.from(m.media.read(20 + n)), sector(n))
})

test("a busy card hears no command", () => {
    const m = slow()
    m.select()
    m.command(24, 9)
    m.put(0xfe, sector(1))
    m.idle(1)
    m.xfer(0x4d, 0, 0, 0, 0, 0xff)
    assert.deepEqual(m.idle(20), Array(20).fill(0))
    m.untilReady()
    assert.deepEqual(m.idle(20), Array(20).fill(0xff))
})

test("a token that comes with no byte between it and the rest is not seen", () => {
    const m = new SdMaster().start()
    m.select()
    m.command(24, 9)
    // no byte between the response and this token
    m.xfer(0xfe, ...sector(1), 0xff, 0xff)
    assert.deepEqual(m.idle(10), Array(10).fill(0xff))
    assert.equal(m.put(0xfe, sector(2)), ACCEPTED)
})

test("a block that chip select cuts off is void", () => {
    const m = slow()
    begin(m, 20, 1)
    m.xfer(0xff, MULTI, ...sector(7).subarray(0, 300))
    m.deselect()
    m.select()
    assert.equal(m.put(MULTI, sector(1)), ACCEPTED)
    m.untilReady()
    stop(m)
    assert.deepEqual(Buffer.from(m.media.read(21)), sector(1))
})

/// Errors ///

test("data CRCs count only after CMD59", () => {
    const m = new SdMaster().start()
    const bad = 0x1234
    m.select()
    m.command(24, 1)
    assert.equal(m.put(0xfe, sector(1), bad), ACCEPTED)
    m.untilReady()
    assert.equal(m.command(59, 1)[0], READY)
    m.command(24, 2)
    assert.equal(m.put(0xfe, sector(2), bad), CRC_ERROR)
    assert.deepEqual(m.media.read(2), new Uint8Array(512))
    m.command(24, 2)
    assert.equal(m.put(0xfe, sector(2)), ACCEPTED)
    m.untilReady()
    m.deselect()
    m.select()
    assert.equal(m.command(17, 2, 0, 0xff)[0], 0x08, "and those of commands")
})

test("a block that is refused ends the write: only CMD12 is heard then", () => {
    const m = slow()
    begin(m, 20, 1)
    m.card.faults.writeError = true
    assert.equal(m.put(MULTI, sector(1)), WRITE_ERROR)
    assert.equal(m.put(MULTI, sector(1)), WRITE_ERROR, "and the next")
    m.xfer(0xff, STOP, 0xff)
    assert.deepEqual(m.idle(5), Array(5).fill(0xff), "not even the stop token")
    assert.equal(m.command(25, 20)[0], ILLEGAL)
    assert.equal(m.command(12)[0], READY)
    m.untilReady()
    m.deselect()
    assert.deepEqual(m.status(), [READY, 0x04])
    assert.deepEqual(m.status(), [READY, 0], "told once")
    assert.deepEqual(Buffer.from(m.media.read(20)), sector(0))
    assert.deepEqual(m.media.read(21), new Uint8Array(512))
    assert.equal(m.write(21, sector(1)), ACCEPTED)
})

test("CMD12 ends a write like the stop token does", () => {
    const m = slow()
    begin(m, 20, 2)
    assert.equal(m.command(12)[0], READY)
    assert.ok(m.untilReady() > 2 * MS)
    m.deselect()
    assert.deepEqual(Buffer.from(m.media.read(21)), sector(1))
})

test("a block that is badly programmed is accepted; CMD13 tells", () => {
    const m = slow()
    m.card.faults.programError = true
    assert.equal(m.write(5, sector(5)), ACCEPTED)
    assert.deepEqual(m.status(), [READY, 0x04])
    assert.deepEqual(m.media.read(5), new Uint8Array(512))
})

test("a write behind the end is refused, at once or where the card ends", () => {
    const m = new SdMaster(new MemoryMedia(1024)).start()
    assert.equal(m.simple(24, 1024), 0x40)
    m.select()
    m.command(25, 1023)
    assert.equal(m.put(MULTI, sector(0)), ACCEPTED)
    m.untilReady()
    assert.equal(m.put(MULTI, sector(1)), WRITE_ERROR)
})

test("a fault makes the next programming as slow as wanted", () => {
    const m = slow()
    m.card.faults.busyUs = 240 * MS
    m.select()
    m.command(24, 5)
    m.put(0xfe, sector(5))
    assert.ok(m.untilReady() > 239 * MS)
})

/// Loss of power ///

type Fate = "old" | "new" | "torn"

function fate(is: Uint8Array, old: Uint8Array, fresh: Uint8Array): Fate {
    if (Buffer.compare(is, old) === 0) return "old"
    if (Buffer.compare(is, fresh) === 0) return "new"
    return "torn"
}

for (const [how, lose] of [
    ["power", (m: SdMaster) => m.card.powered(false)],
    ["the slot", (m: SdMaster) => void (m.card.present = false)],
] as const)
    test(`a sector being written when it loses ${how} is old, new or torn`, () => {
        const count = { old: 0, new: 0, torn: 0 }
        for (let seed = 1; seed <= 80; seed++) {
            const m = slow(seed)
            m.write(9, sector(1))
            m.select()
            m.command(24, 9)
            m.put(0xfe, sector(2))
            m.world.runUntil(m.world.now + MS)
            lose(m)
            count[fate(m.media.read(9), sector(1), sector(2))]++
            assert.deepEqual(m.media.read(8), new Uint8Array(512))
        }
        for (const [what, n] of Object.entries(count))
            assert.ok(n > 8, `${what}: ${n} of 80`)
    })

test("nothing of a multi-block write is sure before its end", () => {
    let lost = 0
    for (let seed = 1; seed <= 30; seed++) {
        const m = slow(seed)
        begin(m, 20, 5)
        m.world.runUntil(m.world.now + 1e6)
        m.card.powered(false)
        for (let n = 0; n < 5; n++)
            if (
                fate(m.media.read(20 + n), new Uint8Array(512), sector(n)) !==
                "new"
            )
                lost++
    }
    assert.ok(lost > 30 && lost < 120, `${lost} of 150`)
})

test("what was programmed when the power went stays", () => {
    for (let seed = 1; seed <= 20; seed++) {
        const m = slow(seed)
        begin(m, 20, 5)
        stop(m)
        assert.equal(m.card.isSettled, true)
        m.card.powered(false)
        for (let n = 0; n < 5; n++)
            assert.deepEqual(Buffer.from(m.media.read(20 + n)), sector(n))
    }
})

test("a write is over when its time is, though nobody asks", () => {
    const m = slow()
    let news = 0
    m.card.onNews = () => news++
    m.select()
    m.command(24, 9)
    m.put(0xfe, sector(1))
    m.deselect()
    assert.equal(m.card.isSettled, false)
    m.world.runUntil(m.world.now + 4 * MS)
    assert.equal(news, 1)
    m.card.powered(false)
    assert.deepEqual(Buffer.from(m.media.read(9)), sector(1))
})

test("CMD0 in the middle of a write tears it as a loss of power does", () => {
    const fates = new Set<Fate>()
    for (let seed = 1; seed <= 40; seed++) {
        const m = slow(seed)
        begin(m, 9, 1)
        m.command(0)
        m.deselect()
        m.world.runUntil(m.world.now + 1e6)
        fates.add(fate(m.media.read(9), new Uint8Array(512), sector(0)))
        m.hz = INIT_HZ
        m.start()
    }
    assert.deepEqual(fates, new Set<Fate>(["old", "new", "torn"]))
})

test("a torn sector begins as the new one, and may have rubbish behind that", () => {
    const r = new Random(1)
    const [old, fresh] = [sector(1), sector(2)]
    let rubbish = 0
    for (let k = 0; k < 500; k++) {
        const is = tornSector(old, fresh, r)
        if (fate(is, old, fresh) !== "torn") continue
        assert.equal(is.length, 512)
        let at = 0
        while (at < 512 && is[at] === fresh[at]) at++
        const end = is.findLastIndex((b, i) => b !== old[i])
        if (end > at + 1) rubbish++
    }
    assert.ok(rubbish > 20)
    assert.deepEqual([old, fresh], [sector(1), sector(2)], "neither is changed")
})

test("a loss of power may damage a sector beside the write, if asked to", () => {
    let damaged = 0
    for (let seed = 1; seed <= 20; seed++) {
        const m = slow(seed, { neighbourDamage: 1 })
        m.select()
        m.command(24, 40)
        m.put(0xfe, sector(2))
        m.card.powered(false)
        const media = m.media as MemoryMedia
        const others = media.written().filter(lba => lba !== 40)
        assert.ok(
            others.every(lba => lba >= 32 && lba < 64),
            "in its page",
        )
        if (others.length) damaged++
    }
    assert.ok(damaged > 10, `${damaged} of 20`)
})

test("random writes by a card's own timing are all there in the end", () => {
    const m = new SdMaster(undefined, { timing: typicalTiming }, 3).start()
    const r = new Random(9)
    const wanted = new Map<number, number>()
    for (let k = 0; k < 60; k++) {
        const lba = r.int(0, 200)
        const blocks = r.int(1, 6)
        m.select()
        assert.equal(m.command(25, lba)[0], READY)
        for (let n = 0; n < blocks; n++) {
            assert.equal(m.put(MULTI, sector(k * 10 + n)), ACCEPTED)
            wanted.set(lba + n, k * 10 + n)
            m.untilReady()
        }
        stop(m)
    }
    for (const [lba, n] of wanted) assert.deepEqual(m.read(lba), sector(n))
    m.card.powered(false)
    assert.equal(m.simple(13), NO_ANSWER)
})
