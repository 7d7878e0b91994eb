/** Commands of SPC-4 that move no blocks, and those that do not exist. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { ask, askNobody } from "../../support/logicalunit.ts"

const { passesAttention } = await import("../../../src/scsi/unit.ts")

const OFFERED = [
    ...[0x00, 0x03, 0x08, 0x0a, 0x12, 0x1a, 0x1b, 0x25, 0x28, 0x2a, 0x2f, 0x35],
    ...[0x5a, 0x88, 0x8a, 0x8f, 0x91, 0x9e, 0xa0, 0xa8, 0xaa, 0xaf],
]
const opcodes = Array.from({ length: 256 }, (_, opcode) => opcode)
const cdbOf = (opcode: number) => opcode.toString(16).padStart(2, "0")
const failed = (sense: string) => ({ outcome: "Failed", sense })

/** Current sense data in fixed format. */
const sense = (key: string, code: string) =>
    `7000${key}000000000a00000000${code}00000000`

test("TEST UNIT READY is good", () =>
    assert.deepEqual(ask("00"), { outcome: "Good" }))

test("opcodes that are not offered are no operation codes", () => {
    const accepted = opcodes.filter(
        opcode => ask(cdbOf(opcode)).sense !== "InvalidOpcode",
    )
    assert.deepEqual(accepted, OFFERED)
})

test("no CDB breaks the unit", () => {
    const cdb = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
        fc.property(cdb, fc.boolean(), (cdb, isForUs) => {
            const { outcome, sense, data } = (isForUs ? ask : askNobody)(
                Buffer.from(cdb).toString("hex"),
            )
            assert.notEqual(outcome, undefined)
            if (outcome === "Failed") assert.notEqual(sense, "None")
            // SPC-4's longest INQUIRY reply
            if (outcome === "Reply") assert(data && data.length <= 2 * 255)
        }),
        { seed: 5, numRuns: 3000 },
    )
})

describe("REQUEST SENSE", () => {
    test("has nothing to tell", () =>
        assert.deepEqual(ask("03 00 0000 12"), {
            outcome: "Reply",
            data: sense("00", "0000"),
        }))
    test("is cut to the allocation length", () =>
        assert.equal(ask("03 00 0000 08").data, "700000000000000a"))
    test("is not longer than its data", () =>
        assert.equal(ask("03 00 0000 ff").data, sense("00", "0000")))
    test("of no bytes is good", () =>
        assert.deepEqual(ask("03 00 0000 00"), { outcome: "Good" }))
    test("has no descriptor format", () =>
        assert.deepEqual(ask("03 01 0000 12"), failed("InvalidField")))
})

describe("REPORT LUNS", () => {
    const one = "00000008 00000000" + "0000000000000000"
    const none = "00000000 00000000"
    for (const [select, data] of [
        ["00", one],
        ["01", none], // well-known logical units
        ["02", one],
    ])
        test(`with SELECT REPORT ${select}`, () =>
            assert.deepEqual(ask(`a0 00 ${select} 000000 00000100`), {
                outcome: "Reply",
                data: data.replace(" ", ""),
            }))
    test("has no other SELECT REPORT", () =>
        assert.deepEqual(
            ask("a0 00 03 000000 00000100"),
            failed("InvalidField"),
        ))
    test("wants an allocation length of 16", () => {
        assert.equal(ask("a0 00 00 000000 00000010").data?.length, 2 * 16)
        assert.deepEqual(
            ask("a0 00 00 000000 0000000f"),
            failed("InvalidField"),
        )
    })
})

describe("START STOP UNIT", () => {
    for (const [what, cdb, outcome] of [
        ["start", "1b 00 0000 01", "Good"],
        ["stop flushes", "1b 00 0000 00", "Flush"],
        ["stop and eject flushes", "1b 00 0000 02", "Flush"],
        ["stop with IMMED does not wait", "1b 01 0000 00", "Good"],
        ["start with IMMED", "1b 01 0000 01", "Good"],
    ] as const)
        test(what, () => assert.deepEqual(ask(cdb), { outcome }))
})

describe("a LUN that does not exist", () => {
    test("answers INQUIRY: no device can be here", () => {
        const { data } = askNobody("12 00 00 0060 00")
        // peripheral qualifier 011b, type 1Fh
        assert.equal(data?.slice(0, 10), "7f0006125b")
    })
    test("answers REPORT LUNS", () =>
        assert.deepEqual(
            askNobody("a0 00 00 000000 00000100"),
            ask("a0 00 00 000000 00000100"),
        ))
    test("answers REQUEST SENSE: not supported", () =>
        assert.equal(askNobody("03 00 0000 12").data, sense("05", "2500")))
    test("answers nothing else", () => {
        for (const opcode of opcodes) {
            if ([0x03, 0x12, 0xa0].includes(opcode)) continue
            assert.deepEqual(
                askNobody(cdbOf(opcode)),
                failed("LunNotSupported"),
            )
        }
    })
})

test("what passes a unit attention (SAM-5 5.14)", () =>
    assert.deepEqual(opcodes.filter(passesAttention), [0x03, 0x12, 0xa0]))
