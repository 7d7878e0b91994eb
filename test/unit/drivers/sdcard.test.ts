/**
 * The SD card's driver, byte by byte: SD Physical Layer Simplified
 * Specification, chapters 4.5 (checksums), 5.3 (CSD) and 7 (SPI mode).
 */
import assert from "node:assert/strict"
import { beforeEach, describe, test } from "node:test"
import fc from "fast-check"
import { crc16, crc7 } from "../../../devs/bench/sdcard/crc.ts"
import type { Card } from "../../../src/drivers/sdcard.ts"
import { SpiCard, type Answers } from "../../support/spicard.ts"
import { useDeviceScript, zeros } from "../../support/devicescript.ts"

useDeviceScript()
const sd = await import("../../../src/drivers/sdcard.ts")
const { startBus } = await import("../../../src/board/bus.ts")
const { startCard } = await import("../../../src/drivers/sdstart.ts")
const { CardError, makeCard, Step } = sd

describe("the checksums of chapter 4.5", () => {
    for (const [what, five, six] of [
        ["CMD0", "4000000000", 0x95],
        ["CMD17", "5100000000", 0x55],
        ["the response to CMD17", "1100000900", 0x67],
    ] as const)
        test(`of ${what}`, () =>
            assert.equal(crc7(Buffer.from(five, "hex")), six))
    test("of 512 bytes of ones", () =>
        assert.equal(crc16(Buffer.alloc(512, 0xff)), 0x7fa1))
})

/** A data block with its token, after a wait. The CRC is not looked at. */
const block = (data: string, wait = "ff ff") => `${wait} fe ${data} 0000`

/** A SanDisk SU08G of 7.40 GiB. */
const CSD_V2 = "400e00325b5900003b377f800a404013"
/** A SanDisk SU02G of 1.84 GiB. */
const CSD_V1 = "002600325f5a83aefefbcfff928040df"
/** Status of CMD6: function 1 of group 1 is set, or is not. */
const switched = (result: number) =>
    "00".repeat(16) + result.toString(16).padStart(2, "0") + "00".repeat(47)

/** A card of version 2, of high capacity. */
function sdhc(changes: Answers = {}): Answers {
    let tries = 0
    return {
        0: () => "01",
        8: argument => [0x01, 0, 0, 1, argument & 0xff],
        12: () => "ff 00",
        13: () => "00 00",
        55: () => "01",
        41: () => (++tries < 3 ? "01" : "00"),
        58: () => "00 c0ff8000",
        9: () => "00" + block(CSD_V2),
        6: () => "00" + block(switched(1)),
        ...changes,
    }
}

/** A card of version 1: no CMD8, no OCR with CCS, addressed by bytes. */
const sdsc = () =>
    sdhc({
        8: () => "05",
        58: () => "00 80ff8000",
        16: () => "00",
        9: () => "00" + block(CSD_V1),
        6: () => "04",
    })

let wire: SpiCard
let card: Card

function plugIn(answers: Answers) {
    wire = new SpiCard(answers)
    startBus({ spiXfer: wire.spiXfer, read: () => 0 } as never)
    card = makeCard(wire.cs)
}

const start = async (answers: Answers) => {
    plugIn(answers)
    return CardError[await startCard(card)]
}

describe("initialisation", () => {
    test("of a card of high capacity", async () => {
        assert.equal(await start(sdhc()), "None")
        assert.deepEqual(wire.commands, [
            "4c0000000061", // CMD12, in case a reset has cut off a read
            "400000000095", // CMD0
            "48000001aa87", // CMD8: 2.7-3.6 V, check pattern
            ...["7700000000ff", "6940000000ff"], // ACMD41 with HCS
            ...["7700000000ff", "6940000000ff"],
            ...["7700000000ff", "6940000000ff"],
            "7a00000000ff", // CMD58: OCR
            "4900000000ff", // CMD9: CSD
            "4680fffff1ff", // CMD6: high speed
        ])
        assert.equal(card.sectors, 15523840)
        assert.equal(card.addressUnit, 1)
        assert.equal(card.maxHz, 50e6)
    })
    test("has checksums where the card looks at them", async () => {
        await start(sdhc())
        for (const command of wire.commands.slice(0, 3)) {
            const five = Buffer.from(command.slice(0, 10), "hex")
            assert.equal(crc7(five), parseInt(command.slice(10), 16))
        }
    })
    test("gives 74 clocks and more before it selects the card", async () => {
        await start(sdhc())
        assert(wire.clocksUnselected >= 74)
    })
    test("of a card of version 1", async () => {
        assert.equal(await start(sdsc()), "None")
        // HCS is not for it
        assert(wire.commands.includes("6900000000ff"))
        assert(!wire.commands.includes("6940000000ff"))
        assert(wire.commands.includes("5000000200ff"), "CMD16: 512 bytes")
        assert.equal(card.sectors, 3862528)
        assert.equal(card.addressUnit, 512)
        assert.equal(card.maxHz, 25e6)
    })
    for (const wait of [0, 8])
        test(`finds responses after ${wait} bytes`, async () => {
            plugIn(sdhc())
            wire.responseAfter = wait
            assert.equal(await startCard(card), CardError.None)
            assert.equal(card.sectors, 15523840)
        })

    for (const [what, answers, error] of [
        ["without a card", {}, "Absent"],
        ["of what is no card", sdhc({ 0: () => "00" }), "NotSd"],
        ["of an MMC", sdhc({ 41: () => "05" }), "NotSd"],
        ["of one that is never ready", sdhc({ 41: () => "01" }), "NotReady"],
        ["of one without CSD", sdhc({ 9: () => "04" }), "NotSd"],
    ] as const)
        test(`${what} is an error`, async () => {
            assert.equal(await start(answers), error)
            assert.equal(card.sectors, 0)
        })
})

describe("reading", () => {
    const data = (n: number) => n.toString(16).padStart(2, "0").repeat(512)

    test("of blocks is one command, by block numbers", async () => {
        await start(
            sdhc({
                18: () => "00" + [1, 2, 3].map(n => block(data(n))).join(""),
            }),
        )
        wire.commands.length = 0
        const to = zeros(4 * 512)
        assert.equal(
            await sd.readBlocks(card, 0x123456, 3, to, 512),
            CardError.None,
        )
        assert.deepEqual(wire.commands, ["5200123456ff", "4c0000000061"])
        assert.equal(to.toString("hex"), [0, 1, 2, 3].map(data).join(""))
    })
    test("of a card of version 1 is by bytes", async () => {
        await start({ ...sdsc(), 18: () => "00" + block(data(9)) })
        wire.commands.length = 0
        const to = zeros(512)
        assert.equal(await sd.readBlocks(card, 3, 1, to, 0), CardError.None)
        assert.equal(wire.commands[0], "5200000600ff")
        assert.equal(to.toString("hex"), data(9))
    })
    test("finds blocks wherever they lie in what the card sends", async () => {
        const waits = fc.array(fc.nat(2200), { minLength: 1, maxLength: 4 })
        let bytes = ""
        await start(sdhc({ 18: () => "00" + bytes }))
        await fc.assert(
            fc.asyncProperty(waits, async waits => {
                const all = waits.map((_, i) => data(i + 1))
                bytes = waits
                    .map((wait, i) => block(all[i], "ff".repeat(wait)))
                    .join("")
                const to = zeros(waits.length * 512)
                const n = waits.length
                const error = await sd.readBlocks(card, 0, n, to, 0)
                assert.equal(error, CardError.None)
                assert.equal(to.toString("hex"), all.join(""))
            }),
            { seed: 16, numRuns: 150 },
        )
    })
    // a block's last bytes may come with the next transfer: 16 bytes come with
    // the command, then 2112 a time
    for (const [which, before] of [
        ["first", 515],
        ["second", 515 + 516],
    ] as const)
        test(`finds a ${which} block that ends about where a transfer does`, async () => {
            for (let off = -4; off <= 4; off++) {
                const wait = "ff".repeat(16 + 2112 - before + off)
                const all = block(data(1), wait) + block(data(2), "ff")
                await start(sdhc({ 18: () => "00" + all }))
                const to = zeros(1024)
                const error = await sd.readBlocks(card, 0, 2, to, 0)
                assert.equal(error, CardError.None)
                assert.equal(to.toString("hex"), data(1) + data(2))
            }
        })
    test("waits until the card is not busy after CMD12 (R1b)", async () => {
        const busy = "ff 00" + "00".repeat(100)
        await start(sdhc({ 18: () => "00" + block(data(1)), 12: () => busy }))
        wire.commands.length = 0
        const to = zeros(512)
        for (let i = 0; i < 3; i++)
            assert.equal(await sd.readBlocks(card, i, 1, to, 0), CardError.None)
        assert.equal(wire.commands.length, 6, "each one was heard")
    })
    test("fails wherever the card is pulled out: what comes then is no data", async () => {
        const all = `00${[1, 2].map(n => block(data(n))).join("")}`
        const bytes = Buffer.from(all.replace(/ /g, ""), "hex")
        let there = 0
        await start(sdhc({ 18: () => [...bytes.subarray(0, there)] }))
        wire.answers[12] = () => undefined
        for (there = 1; there <= bytes.length; there += 17) {
            const error = await sd.readBlocks(card, 0, 2, zeros(1024), 0)
            assert.notEqual(error, CardError.None, `after ${there} bytes`)
        }
    })
    for (const [what, answer, error] of [
        ["that is refused", "20", "Read"],
        ["that is not answered", undefined, "Absent"],
        ["with an error token", "00 ff ff 08", "Read"],
        ["without a token", "00", "Read"],
    ] as const)
        test(`${what} is an error`, async () => {
            await start(sdhc(answer === undefined ? {} : { 18: () => answer }))
            const is = await sd.readBlocks(card, 0, 1, zeros(512), 0)
            assert.equal(CardError[is], error)
        })
})

describe("writing", () => {
    const from = zeros(3 * 512)
    from.fillAt(512, 512, 0xa5)
    from.fillAt(1024, 512, 0x5a)

    beforeEach(async () => {
        await start(sdhc({ 25: () => "00" }))
        wire.commands.length = 0
        wire.written.length = 0
    })

    test("is one command, blocks, a stop token, and a look", async () => {
        assert.equal(await sd.startWrite(card, 0x654321), Step.Ready)
        assert.equal(await sd.writeBlocks(card, from, 512, 1536), Step.Ready)
        await sd.stopWrite(card)
        assert.equal(await sd.writeStatus(card), Step.Ready)
        assert.deepEqual(wire.commands, ["5900654321ff", "4d00000000ff"])
        assert.deepEqual(wire.written, [
            "a5".repeat(512),
            "5a".repeat(512),
            "stop",
        ])
    })
    test("stops where the card is busy, and goes on there", async () => {
        wire.busyAfterBlock = 300
        await sd.startWrite(card, 0)
        assert.equal(await sd.writeBlocks(card, from, 0, 1536), Step.Busy)
        assert.equal(sd.writtenTo, 512)
        // still busy: asking is not writing
        assert.equal(await sd.writeBlocks(card, from, 512, 1536), Step.Busy)
        assert.equal(sd.writtenTo, 512)
        assert.equal(wire.written.length, 1)
        wire.busyAfterBlock = 0
        let calls = 0
        while (
            (await sd.writeBlocks(card, from, sd.writtenTo, 1536)) === Step.Busy
        )
            assert(++calls < 20)
        assert.equal(sd.writtenTo, 1536)
        assert.equal(wire.written.length, 3)
    })
    test("is not over while the last block keeps the card busy", async () => {
        wire.busyAfterBlock = 300
        await sd.startWrite(card, 0)
        assert.equal(await sd.writeBlocks(card, from, 0, 512), Step.Busy)
        let calls = 0
        while ((await sd.writeBlocks(card, from, 512, 512)) === Step.Busy)
            assert(++calls < 20)
        assert(calls > 0)
        assert.equal(wire.written.length, 1)
    })
    test("that was refused is ended by CMD12 (7.3.3.1)", async () => {
        wire.dataResponse = 0xed
        await sd.startWrite(card, 0)
        await sd.writeBlocks(card, from, 0, 512)
        await sd.abortWrite(card)
        assert.equal(wire.commands.at(-1), "4c0000000061")
    })
    for (const [what, response] of [
        ["for its CRC", 0xeb],
        ["for an error", 0xed],
    ] as const)
        test(`fails when a block is refused ${what}`, async () => {
            wire.dataResponse = response
            await sd.startWrite(card, 0)
            assert.equal(await sd.writeBlocks(card, from, 0, 512), Step.Failed)
        })
    test("fails when the command is refused", async () => {
        await start(sdhc({ 25: () => "20" }))
        assert.equal(await sd.startWrite(card, 0), Step.Failed)
    })
    test("has failed when the status says so", async () => {
        await start(sdhc({ 13: () => "00 04" })) // card ECC failed
        assert.equal(await sd.writeStatus(card), Step.Failed)
    })
})
