/** The SD card model's SPI mode: Physical Layer Specification 6.00, chapter 7. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { crc16, crc7 } from "../../devs/bench/sdcard/crc.ts"
import { MemoryMedia } from "../../devs/bench/sdcard/media.ts"
import {
    instantTiming,
    MAX_BUSY_US,
    typicalTiming,
} from "../../devs/bench/sdcard/timing.ts"
import { Random } from "../../devs/sim/random.ts"
import {
    FAST_HZ,
    IDLE,
    ILLEGAL,
    INIT_HZ,
    NO_ANSWER,
    READY,
    SdMaster,
    sector,
} from "./support/sdcard.ts"

test("checksums are those of the specification's examples (4.5)", () => {
    assert.equal(crc7([0x40, 0, 0, 0, 0]), 0x95)
    assert.equal(crc7([0x48, 0, 0, 1, 0xaa]), 0x87)
    assert.equal(crc7([0x51, 0, 0, 0, 0]), (0x2a << 1) | 1)
    assert.equal(crc7([0x11, 0, 0, 9, 0]), (0x33 << 1) | 1)
    assert.equal(crc16(new Uint8Array(512).fill(0xff)), 0x7fa1)
})

/// Initialisation (7.2.1) ///

test("the card is silent until it has had 74 clocks, and CMD0 with its CRC", () => {
    const m = new SdMaster()
    assert.equal(m.simple(0), NO_ANSWER)
    m.wake()
    assert.equal(m.simple(8, 0x1aa), NO_ANSWER, "it is in SD mode")
    m.select()
    assert.deepEqual(m.command(0, 0, 0, 0xff), [NO_ANSWER])
    m.deselect()
    assert.equal(m.simple(0), IDLE)
})

test("CMD8 echoes the pattern, and the voltage if it is the card's", () => {
    const m = new SdMaster()
    m.wake()
    m.simple(0)
    m.select()
    assert.deepEqual(m.command(8, 0x15a, 4), [IDLE, 0, 0, 1, 0x5a])
    assert.deepEqual(m.command(8, 0x2aa, 4), [IDLE, 0, 0, 0, 0xaa])
    assert.deepEqual(m.command(8, 0x1aa, 0, 0x01), [IDLE | 0x08])
})

test("ACMD41 says idle until the card is ready, within a second", () => {
    const m = new SdMaster(undefined, {
        timing: { ...instantTiming, initUs: () => 80_000 },
    })
    m.start()
    assert.ok(m.world.now >= 80_000 && m.world.now < 90_000)
})

test("a high-capacity card stays idle without HCS, or without CMD8", () => {
    const m = new SdMaster()
    m.wake()
    m.simple(0)
    for (let k = 0; k < 20; k++) assert.equal(m.app(41, 0x40000000), IDLE)
    m.simple(8, 0x1aa)
    for (let k = 0; k < 20; k++) assert.equal(m.app(41, 0), IDLE)
    assert.equal(m.app(41, 0x40000000), READY)
})

test("in idle state only the commands of 7.2.1 are legal", () => {
    const m = new SdMaster()
    m.wake()
    m.simple(0)
    for (const index of [6, 9, 10, 12, 13, 16, 17, 18, 24, 25])
        assert.equal(m.simple(index), IDLE | ILLEGAL, `CMD${index}`)
    for (const index of [13, 23, 51])
        assert.equal(m.app(index), IDLE | ILLEGAL, `ACMD${index}`)
    assert.equal(m.app(17), IDLE | ILLEGAL, "CMD17 behind CMD55")
    for (const index of [58, 59, 55])
        assert.equal(m.simple(index), IDLE, `CMD${index}`)
})

test("commands that do not exist are illegal", () => {
    const m = new SdMaster().start()
    for (const index of [2, 3, 7, 11, 40, 63])
        assert.equal(m.simple(index), ILLEGAL, `CMD${index}`)
    assert.equal(m.app(22), ILLEGAL)
})

test("OCR tells when the card is ready, and how it is addressed", () => {
    for (const [highCapacity, ccs] of [
        [true, 0x40],
        [false, 0],
    ] as const) {
        const m = new SdMaster(undefined, { highCapacity })
        m.wake()
        m.simple(0)
        m.select()
        assert.deepEqual(m.command(58, 0, 4), [IDLE, 0, 0xff, 0x80, 0])
        m.deselect()
        m.start()
        m.select()
        assert.deepEqual(m.command(58, 0, 4), [
            READY,
            0x80 | ccs,
            0xff,
            0x80,
            0,
        ])
    }
})

test("a card that is not initialised does not follow more than 400 kHz", () => {
    const m = new SdMaster()
    m.wake()
    m.hz = 500_000
    assert.equal(m.simple(0), NO_ANSWER)
    m.hz = INIT_HZ
    assert.equal(m.simple(0), IDLE)
})

test("above 25 MHz only after CMD6 has switched to high speed", () => {
    const m = new SdMaster().start()
    m.hz = FAST_HZ
    assert.equal(m.simple(58), NO_ANSWER)
    m.hz = 25_000_000
    const switchTo = (arg: number) => {
        m.select()
        assert.equal(m.command(6, arg)[0], READY)
        const status = m.block(64)
        m.deselect()
        return status
    }
    assert.equal(switchTo(0x00fffff1)[16] & 15, 1, "asked, not switched")
    m.hz = FAST_HZ
    assert.equal(m.simple(58), NO_ANSWER)
    m.hz = 25_000_000
    assert.equal(switchTo(0x80fffff2)[16] & 15, 15, "no such function")
    const status = switchTo(0x80fffff1)
    assert.equal(status[16] & 15, 1)
    assert.equal(status[13] & 2, 2, "group 1 supports function 1")
    m.hz = FAST_HZ
    assert.equal(m.simple(58), READY)
    m.simple(0)
    m.hz = INIT_HZ
    m.start()
    m.hz = FAST_HZ
    assert.equal(m.simple(58), NO_ANSWER, "CMD0 ends it")
})

/// Registers ///

function register(m: SdMaster, index: number, size = 16) {
    m.select()
    assert.equal(m.command(index)[0], READY)
    const data = m.block(size)
    m.deselect()
    return data
}

test("CSD version 2 counts in 512 KiB", () => {
    for (const mib of [4, 128, 4096, 65536]) {
        const media = new MemoryMedia(mib * 2048)
        const csd = register(new SdMaster(media).start(), 9)
        assert.equal(csd[0] >> 6, 1)
        assert.equal(csd[3], 0x32, "25 MHz")
        assert.equal(csd[5] & 15, 9, "READ_BL_LEN")
        assert.equal(csd.readUIntBE(7, 3) & 0x3fffff, mib * 2 - 1, "C_SIZE")
        assert.deepEqual(
            [...csd.subarray(10, 14)],
            [0x7f, 0x80, 0x0a, 0x40],
            "fixed in version 2",
        )
        assert.equal(csd[15], crc7(csd.subarray(0, 15)))
    }
})

test("CSD version 1 multiplies", () => {
    for (const mib of [8, 64, 1024]) {
        const media = new MemoryMedia(mib * 2048)
        const m = new SdMaster(media, { highCapacity: false }).start()
        const csd = register(m, 9)
        assert.equal(csd[0] >> 6, 0)
        const size = ((csd[6] & 3) << 10) | (csd[7] << 2) | (csd[8] >> 6)
        const mult = ((csd[9] & 3) << 1) | (csd[10] >> 7)
        const blocks = (size + 1) << (mult + 2)
        assert.equal(blocks * (1 << (csd[5] & 15)), mib << 20)
        assert.equal(csd[15], crc7(csd.subarray(0, 15)))
    }
})

test("CID, SCR and SD status come as data blocks", () => {
    const m = new SdMaster().start()
    const cid = register(m, 10)
    assert.match(cid.toString("latin1", 3, 8), /^[ -~]{5}$/)
    assert.equal(cid[13] >> 4, 0, "reserved")
    assert.equal(cid[15], crc7(cid.subarray(0, 15)))
    m.simple(55)
    assert.equal(register(m, 51, 8)[0], 2, "version 2.00 or 3.0X")
    m.simple(55)
    m.select()
    assert.deepEqual(m.command(13, 0, 1), [READY, 0])
    assert.equal(m.block(64).length, 64)
})

/// Reading (7.2.3) ///

test("CMD17 reads one block, and CMD18 one after the other until CMD12", () => {
    const m = new SdMaster().start()
    for (let n = 0; n < 5; n++) m.media.write(100 + n, sector(n))
    assert.deepEqual(m.read(102), sector(2))
    m.select()
    assert.equal(m.command(18, 100)[0], READY)
    for (let n = 0; n < 4; n++) assert.deepEqual(m.block(), sector(n))
    m.stopReading()
    assert.deepEqual(m.idle(600), Array(600).fill(0xff))
    m.deselect()
    assert.deepEqual(m.read(104), sector(4))
})

test("a standard-capacity card is addressed in bytes, a multiple of 512", () => {
    const m = new SdMaster(undefined, { highCapacity: false }).start()
    m.media.write(7, sector(7))
    assert.deepEqual(m.read(7 * 512), sector(7))
    assert.equal(m.simple(17, 100) & 0x60, 0x40)
    assert.equal(m.simple(16, 512), READY)
    assert.equal(m.simple(16, 100), 0x40)
})

test("CMD12 cuts a block off, is answered behind a stuff byte, and may be busy", () => {
    let busy = 0
    let early = 0
    for (let seed = 1; seed <= 40; seed++) {
        const m = new SdMaster(undefined, { timing: typicalTiming }, seed)
        m.start()
        m.select()
        m.command(18, 0)
        m.token()
        m.idle(100)
        m.xfer(0x4c, 0, 0, 0, 0, 0x61)
        const [stuff, ...rest] = m.idle(10)
        if (stuff < 0x80) early++
        assert.ok(rest.includes(0), "R1")
        if (m.untilReady() > 1) busy++
        m.deselect()
        m.read(5)
    }
    assert.ok(early > 5, "a stuff byte may look like a response")
    assert.ok(busy > 2 && busy < 20, `busy after ${busy} of 40`)
})

test("a stream of blocks ends with CMD12 only, even behind an error token", () => {
    const m = new SdMaster().start()
    m.card.faults.readError = true
    m.select()
    m.command(18, 3)
    assert.equal(m.token(), 0x01)
    m.deselect()
    assert.equal(m.simple(17, 3), ILLEGAL)
    m.select()
    m.stopReading()
    m.deselect()
    m.read(3)
})

test("CMD12 with nothing to stop is illegal", () => {
    assert.equal(new SdMaster().start().simple(12), ILLEGAL)
})

test("the first block comes after the access time, not earlier", () => {
    const m = new SdMaster(undefined, {
        timing: { ...instantTiming, accessUs: () => 500 },
    }).start()
    m.select()
    m.command(17, 0)
    const start = m.world.now
    m.token()
    assert.ok(m.world.now - start > 450 && m.world.now - start < 550)
})

test("reading behind the end: R1, or an error token where the card ends", () => {
    const m = new SdMaster(new MemoryMedia(1024)).start()
    assert.equal(m.simple(17, 1024), 0x40)
    m.select()
    m.command(18, 1023)
    m.block()
    assert.equal(m.token(), 0x08, "out of range")
})

test("faults: a read is answered with an error token, once, for ever, or until it is written", () => {
    const m = new SdMaster().start()
    m.card.faults.readError = true
    m.select()
    m.command(17, 3)
    assert.equal(m.token(), 0x01)
    m.deselect()
    m.read(3)
    m.card.faults.badSector = 3
    for (let k = 0; k < 2; k++) {
        m.select()
        m.command(17, 3)
        assert.equal(m.token(), 0x01)
        m.deselect()
    }
    m.read(4)
    m.card.faults.weakSectors = new Set([7])
    m.select()
    m.command(17, 7)
    assert.equal(m.token(), 0x01)
    m.deselect()
    m.write(7, sector(7))
    assert.deepEqual(m.read(7), sector(7))
})

/// Taking the card out ///

test("a card that is taken out is not there; put in again, it must be started", () => {
    const m = new SdMaster().start()
    m.write(5, sector(5))
    let news = 0
    m.card.onNews = () => news++
    m.card.present = false
    assert.equal(m.simple(13), NO_ANSWER)
    m.card.present = true
    assert.equal(news, 2)
    m.hz = INIT_HZ
    assert.equal(m.simple(13), NO_ANSWER)
    m.start()
    assert.deepEqual(m.read(5), sector(5))
})

test("a card without power is not there", () => {
    const m = new SdMaster().start()
    m.card.powered(false)
    assert.equal(m.simple(13), NO_ANSWER)
})

/// Times ///

test("a card as they are sold: 0.9 ms a write, with peaks below 250 ms", () => {
    const r = new Random(1)
    const times = Array.from({ length: 20_000 }, () =>
        typicalTiming.programUs(r),
    ).sort((a, b) => a - b)
    const at = (share: number) => times[Math.floor(share * times.length)]
    assert.ok(at(0.5) > 800 && at(0.5) < 1000, `median ${at(0.5)}`)
    assert.ok(at(0.99) > 2000 && at(0.99) < 6000, `99 % ${at(0.99)}`)
    assert.ok(at(0.9985) > 10_000, "one in a thousand is slow")
    assert.ok(times.at(-1)! <= MAX_BUSY_US)
})

test("a MultiMediaCard knows CMD0, and neither CMD8 nor ACMD41", () => {
    const m = new SdMaster()
    m.card.isMultiMedia = true
    m.wake()
    assert.equal(m.simple(0), IDLE)
    assert.equal(m.simple(8, 0x1aa), IDLE | ILLEGAL)
    assert.equal(m.app(41, 0x40000000), IDLE | ILLEGAL)
})
