/** The Pico's SPI controller with its errata (RP2040, DeviceScript 2.16). */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    pl022Rate,
    rp2040SpiOfPin,
    SpiController,
    type SpiDevice,
} from "../../devs/bench/spi.ts"

const HZ = 31_250_000

/** Answers each byte with its complement, and remembers all of them. */
class Echo implements SpiDevice {
    heard: number[] = []
    idle = 0
    selects: boolean[] = []

    select(selected: boolean) {
        this.selects.push(selected)
    }

    exchange(data: Uint8Array) {
        this.heard.push(...data)
        for (let i = 0; i < data.length; i++) data[i] ^= 0xff
    }

    idleClocks(bytes: number) {
        this.idle += bytes
    }
}

function bus(number: 0 | 1 = 0, devices = 1) {
    const spi = new SpiController(number)
    const chips = Array.from({ length: devices }, () => new Echo())
    for (const c of chips) spi.attach(c)
    spi.configure(HZ)
    return { spi, chips, chip: chips[0] }
}

function transfer(spi: SpiController, ...bytes: number[]) {
    const data = Uint8Array.from(bytes)
    const us = spi.transfer(data)
    return { us, data: [...data] }
}

test("a full-duplex transfer takes its bits' time, and brings the answer", () => {
    const { spi, chip } = bus()
    spi.select(chip, true)
    const { us, data } = transfer(spi, 1, 2, 3)
    assert.deepEqual(data, [0xfe, 0xfd, 0xfc])
    assert.equal(us, (3 * 8e6) / HZ)
    assert.deepEqual(chip.heard, [1, 2, 3])
})

test("the clock is the PL022's next rate that is not above the wish", () => {
    for (const [wish, rate] of [
        [33_300_000, 31_250_000],
        [31_250_000, 31_250_000],
        [62_500_000, 62_500_000],
        [100_000_000, 62_500_000],
        [20_000_000, 15_625_000],
        [400_000, 398_089],
        [1, 1922],
    ])
        assert.equal(Math.round(pl022Rate(wish)), rate, `${wish} Hz`)
})

test("pins belong to SPI0 or SPI1 in groups of eight", () => {
    for (const [pin, spi] of [
        [0, 0],
        [7, 0],
        [8, 1],
        [15, 1],
        [16, 0],
        [23, 0],
        [24, 1],
    ])
        assert.equal(rp2040SpiOfPin(pin), spi, `GP${pin}`)
})

test("erratum 1: SPI1 receives nothing", () => {
    const { spi, chip } = bus(1)
    spi.select(chip, true)
    const { data } = transfer(spi, 1, 2, 3)
    assert.deepEqual(data, [0, 0, 0])
    assert.deepEqual(chip.heard, [1, 2, 3])
})

test("erratum 2: receiving only hangs the bus until it is reset", () => {
    const { spi, chip } = bus()
    spi.select(chip, true)
    spi.receiveOnly()
    assert.equal(transfer(spi, 0, 0).us, Infinity)
    assert.equal(transfer(spi, 1).us, -1, "still busy")
    spi.configure(HZ)
    assert.equal(transfer(spi, 1).us, -1, "whatever is configured")
    spi.reset()
    spi.configure(HZ)
    assert.ok(transfer(spi, 1).us > 0)
})

test("erratum 3: sending only leaves bytes that shift all later answers", () => {
    const { spi, chip } = bus()
    spi.select(chip, true)
    spi.sendOnly()
    transfer(spi, ...Array(20).fill(0x55))
    const first = transfer(spi, ...Array(10).fill(1)).data
    assert.deepEqual(first, [...Array(8).fill(0xaa), 0xfe, 0xfe])
    const second = transfer(spi, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2).data
    assert.deepEqual(second, [...Array(8).fill(0xfe), 0xfd, 0xfd])
})

test("erratum 3: a short one leaves as many bytes as it has", () => {
    const { spi, chip } = bus()
    spi.select(chip, true)
    spi.sendOnly()
    transfer(spi, 0, 0, 0)
    const { data } = transfer(spi, 1, 1, 1, 1)
    assert.deepEqual(data, [0xff, 0xff, 0xff, 0xfe])
})

test("erratum 3: sending only completes nine bytes too early", () => {
    const { spi, chip } = bus()
    spi.select(chip, true)
    spi.sendOnly()
    const { us } = transfer(spi, ...Array(20).fill(0x55))
    assert.equal(us, (11 * 8e6) / HZ)
    assert.equal(chip.heard.length, 11)
    spi.select(chip, false)
    spi.select(chip, true)
    transfer(spi, 1)
    assert.deepEqual(chip.heard.slice(11), [1], "a chip select loses the rest")
})

test("erratum 4: 0 B and more than 4096 B are refused", () => {
    const { spi, chip } = bus()
    spi.select(chip, true)
    assert.equal(spi.transfer(new Uint8Array(0)), -1)
    assert.equal(spi.transfer(new Uint8Array(4097)), -1)
    assert.equal(chip.heard.length, 0)
    assert.ok(spi.transfer(new Uint8Array(4096)) > 0)
})

test("a bus that is not configured transfers nothing", () => {
    const spi = new SpiController(0)
    assert.equal(transfer(spi, 1).us, -1)
})

test("chips that are not selected see clocks, and leave the line high", () => {
    const { spi, chips } = bus(0, 2)
    assert.deepEqual(transfer(spi, 1, 2).data, [0xff, 0xff])
    assert.deepEqual(
        chips.map(c => c.idle),
        [2, 2],
    )
    spi.select(chips[0], true)
    transfer(spi, 3)
    assert.deepEqual(
        chips.map(c => [c.idle, c.heard.length]),
        [
            [2, 1],
            [3, 0],
        ],
    )
})

test("two chips that are selected at once spoil each other's answers", () => {
    const { spi, chips } = bus(0, 2)
    for (const c of chips) spi.select(c, true)
    chips[1].exchange = data => void data.fill(0x0f)
    assert.deepEqual(transfer(spi, 0x33).data, [0xcc & 0x0f])
})

test("a chip hears of its chip select only when that changes", () => {
    const { spi, chip } = bus()
    for (const on of [true, true, false, false]) spi.select(chip, on)
    assert.deepEqual(chip.selects, [true, false])
})

test("noise changes what a chip gets, and what comes back from it", () => {
    const { spi, chips } = bus(0, 2)
    const noisy: [number, string, number[]][] = []
    spi.noise = (device, data, when) => {
        noisy.push([chips.indexOf(device as Echo), when, [...data]])
        data[0] ^= when === "out" ? 0x01 : 0x80
    }
    spi.select(chips[1], true)
    assert.deepEqual(transfer(spi, 0x10, 0x20).data, [0x6e, 0xdf])
    assert.deepEqual(chips[1].heard, [0x11, 0x20])
    assert.deepEqual(noisy, [
        [1, "out", [0x10, 0x20]],
        [1, "in", [0xee, 0xdf]],
    ])
    spi.noise = undefined
    assert.deepEqual(transfer(spi, 0x10).data, [0xef])
})

test("wires of the bus that are open: nobody hears, or nobody is heard", () => {
    for (const [wire, heard, answer] of [
        ["mosi", [0xff, 0xff], [0x00, 0x00]], // the chip's line is pulled up
        ["sck", [], [0xff, 0xff]],
        ["miso", [1, 2], [0x00, 0x00]], // the pin has a pull-down
    ] as const) {
        const { spi, chip } = bus()
        spi.open.add(wire)
        spi.select(chip, true)
        assert.deepEqual(transfer(spi, 1, 2).data, answer, wire)
        assert.deepEqual(chip.heard, heard, wire)
    }
})

test("a chip that holds MISO spoils all answers but its own", () => {
    const { spi, chips } = bus(0, 2)
    spi.holding.add(chips[0])
    assert.deepEqual(transfer(spi, 1).data, [0])
    spi.select(chips[1], true)
    assert.deepEqual(transfer(spi, 1).data, [0])
    spi.select(chips[1], false)
    spi.select(chips[0], true)
    assert.deepEqual(transfer(spi, 1).data, [0xfe])
})
