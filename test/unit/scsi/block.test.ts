/** CDBs of SBC-3 chapter 5, written by hand, at a unit of 65536 blocks. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { ask, BLOCKS } from "../../support/logicalunit.ts"

describe("a CDB moves blocks", () => {
    for (const [command, cdb, outcome, lba, blocks, isForced] of [
        ["READ (6)", "08 001234 08 00", "Read", 0x1234, 8, false],
        ["READ (6) of 256", "08 001234 00 00", "Read", 0x1234, 256, false],
        ["READ (6), old LUN", "08 e01234 01 00", "Read", 0x1234, 1, false],
        ["WRITE (6)", "0a 00ffff 01 00", "Write", 0xffff, 1, false],
        ["READ (10)", "28 00 00001234 00 0008 00", "Read", 0x1234, 8, false],
        ["READ (10) FUA", "28 08 00000000 00 0001 00", "Read", 0, 1, true],
        ["READ (10) DPO", "28 10 00000000 00 0001 00", "Read", 0, 1, false],
        ["READ (10) group", "28 00 00000001 1f 0001 00", "Read", 1, 1, false],
        [
            "READ (10) of 256",
            "28 00 0000ff00 00 0100",
            "Read",
            65280,
            256,
            false,
        ],
        ["WRITE (10)", "2a 00 0000fff8 00 0008", "Write", 65528, 8, false],
        ["WRITE (10) FUA", "2a 08 0000ffff 00 0001", "Write", 65535, 1, true],
        ["READ (12)", "a8 00 00001234 00000008", "Read", 0x1234, 8, false],
        ["WRITE (12) FUA", "aa 18 00001234 00000008", "Write", 0x1234, 8, true],
        [
            "READ (16)",
            "88 00 0000000000001234 00000008",
            "Read",
            0x1234,
            8,
            false,
        ],
        [
            "WRITE (16)",
            "8a 00 000000000000ffff 00000001",
            "Write",
            65535,
            1,
            false,
        ],
        [
            "WRITE (16) FUA",
            "8a 08 0000000000000000 00000100",
            "Write",
            0,
            256,
            true,
        ],
    ] as const)
        test(command, () =>
            assert.deepEqual(ask(cdb), { outcome, lba, blocks, isForced }),
        )

    for (const [command, cdb, lba, blocks] of [
        ["VERIFY (10)", "2f 00 00001234 00 0008 00", 0x1234, 8],
        ["VERIFY (10) DPO", "2f 10 00001234 00 0008 00", 0x1234, 8],
        ["VERIFY (12)", "af 00 00001234 00000008", 0x1234, 8],
        ["VERIFY (16)", "8f 00 0000000000001234 00000008", 0x1234, 8],
    ] as const)
        test(command, () =>
            assert.deepEqual(ask(cdb), { outcome: "Verify", lba, blocks }),
        )
})

describe("no blocks are no error", () => {
    for (const [command, cdb] of [
        ["READ (10)", "28 00 00000000 00 0000"],
        ["READ (10) at the end", "28 00 00010000 00 0000"],
        ["WRITE (10)", "2a 00 00001234 00 0000"],
        ["READ (12)", "a8 00 00001234 00000000"],
        ["WRITE (12)", "aa 00 00001234 00000000"],
        ["READ (16)", "88 00 0000000000001234 00000000"],
        ["WRITE (16)", "8a 00 0000000000001234 00000000"],
        ["VERIFY (10)", "2f 00 00001234 00 0000"],
        ["VERIFY (16)", "8f 00 0000000000001234 00000000"],
    ] as const)
        test(command, () => assert.deepEqual(ask(cdb), { outcome: "Good" }))
})

describe("a CDB is refused", () => {
    const outOfRange = [
        ["READ (6) behind the end", "08 010000 01"],
        ["READ (6) over the end", "08 00ff01 00"],
        ["WRITE (6) over the end", "0a 00ffff 02"],
        ["READ (10) behind the end", "28 00 00010000 00 0001"],
        ["READ (10) over the end", "28 00 0000ffff 00 0002"],
        ["READ (10) far behind, of none", "28 00 00010001 00 0000"],
        ["READ (10) at 2^31, of none", "28 00 80000000 00 0000"],
        ["READ (10) at 2^32 - 1", "28 00 ffffffff 00 0001"],
        ["READ (10) past 2^32", "28 00 ffffffff 00 ffff"],
        ["WRITE (10) over the end", "2a 00 0000fff9 00 0008"],
        ["READ (12) over the end", "a8 00 0000ffff 00000002"],
        ["READ (12) past 2^32", "a8 00 ffffffff ffffffff"],
        ["WRITE (12) behind the end", "aa 00 00010000 00000001"],
        ["READ (16) over the end", "88 00 000000000000ffff 00000002"],
        ["READ (16) at 2^32", "88 00 0000000100000000 00000001"],
        ["READ (16) at 2^32, of none", "88 00 0000000100000000 00000000"],
        ["READ (16) at 2^63", "88 00 8000000000000000 00000001"],
        ["WRITE (16) past 2^64", "8a 00 ffffffffffffffff 00000002"],
        ["WRITE (16), too long anyway", "8a 00 0000000000000000 ffffffff"],
        ["VERIFY (10) over the end", "2f 00 0000ffff 00 0002"],
        ["VERIFY (12) over the end", "af 00 0000ffff 00000002"],
        ["VERIFY (16) over the end", "8f 00 000000000000ffff 00000002"],
        ["SYNCHRONIZE CACHE (10) behind", "35 00 00010001 00 0000"],
        ["SYNCHRONIZE CACHE (10) over", "35 00 0000ffff 00 0002"],
        ["SYNCHRONIZE CACHE (16) at 2^32", "91 00 0000000100000000 00000000"],
        ["SYNCHRONIZE CACHE (16) over", "91 00 000000000000ffff 00000002"],
    ]
    const invalidField = [
        // longer than MAXIMUM TRANSFER LENGTH of the block limits page
        ["READ (10) of 257", "28 00 00000000 00 0101"],
        ["WRITE (10) of 257", "2a 00 00000000 00 0101"],
        ["READ (12) of 257", "a8 00 00000000 00000101"],
        ["WRITE (16) of 65536", "8a 00 0000000000000000 00010000"],
        // protection, which the unit does not have
        ["READ (10) RDPROTECT", "28 20 00000000 00 0001"],
        ["WRITE (10) WRPROTECT", "2a 20 00000000 00 0001"],
        ["READ (12) RDPROTECT", "a8 80 00000000 00000001"],
        ["WRITE (12) WRPROTECT", "aa 60 00000000 00000001"],
        ["READ (16) RDPROTECT", "88 20 0000000000000000 00000001"],
        ["WRITE (16) WRPROTECT", "8a e0 0000000000000000 00000001"],
        ["VERIFY (10) VRPROTECT", "2f 20 00000000 00 0001"],
        ["VERIFY (12) VRPROTECT", "af 20 00000000 00000001"],
        ["VERIFY (16) VRPROTECT", "8f 20 0000000000000000 00000001"],
        // comparing, which is not offered
        ["VERIFY (10) BYTCHK 01b", "2f 02 00000000 00 0001"],
        ["VERIFY (10) BYTCHK 11b", "2f 06 00000000 00 0001"],
        ["VERIFY (16) BYTCHK 01b", "8f 02 0000000000000000 00000001"],
    ]
    const refused = (sense: string, cases: string[][]) =>
        cases.forEach(([command, cdb]) =>
            test(`${command}: ${sense}`, () =>
                assert.deepEqual(ask(cdb), { outcome: "Failed", sense })),
        )
    refused("LbaOutOfRange", outOfRange)
    refused("InvalidField", invalidField)
})

describe("SYNCHRONIZE CACHE", () => {
    for (const [what, cdb, outcome] of [
        ["(10) of all", "35 00 00000000 00 0000", "Flush"],
        ["(10) of a range", "35 00 00001000 00 0008", "Flush"],
        ["(10) of the whole unit", "35 00 00000001 00 ffff", "Flush"],
        ["(10) IMMED does not wait", "35 02 00000000 00 0000", "Good"],
        ["(16) of all", "91 00 0000000000000000 00000000", "Flush"],
        ["(16) of all by count", "91 00 0000000000000000 00010000", "Flush"],
        ["(16) IMMED does not wait", "91 02 0000000000000000 00000000", "Good"],
    ] as const)
        test(what, () => assert.deepEqual(ask(cdb), { outcome }))
})

describe("READ CAPACITY", () => {
    const data = "0000ffff 00000200".replace(" ", "")
    const data16 = [
        "000000000000ffff", // last LBA
        "00000200", // block length
        "00 03", // no protection; 8 blocks are a physical one
        "0000", // not thinly provisioned, aligned at block 0
        "00".repeat(16),
    ]
        .join("")
        .replace(/ /g, "")

    test("(10) tells the last LBA and the block length", () =>
        assert.deepEqual(ask("25"), { outcome: "Reply", data }))
    test("(10) with PMI tells the same", () =>
        assert.deepEqual(ask("25 00 00001234 0000 01"), {
            outcome: "Reply",
            data,
        }))
    test("(10) without PMI is for LBA 0 only", () =>
        assert.deepEqual(ask("25 00 00001234 0000 00"), {
            outcome: "Failed",
            sense: "InvalidField",
        }))
    test("(16) tells more", () =>
        assert.deepEqual(ask("9e 10 0000000000000000 00000020"), {
            outcome: "Reply",
            data: data16,
        }))
    test("(16) is cut to the allocation length", () =>
        assert.deepEqual(ask("9e 10 0000000000000000 0000000c"), {
            outcome: "Reply",
            data: data16.slice(0, 24),
        }))
    test("(16) with an allocation length of 0 is no error", () =>
        assert.deepEqual(ask("9e 10 0000000000000000 00000000"), {
            outcome: "Good",
        }))
    test("(16) with a huge allocation length is not longer", () =>
        assert.equal(ask("9e 10 0000000000000000 ffffffff").data, data16))
    test("(16) is the only service action", () =>
        assert.deepEqual(ask("9e 12 0000000000000000 00000020"), {
            outcome: "Failed",
            sense: "InvalidField",
        }))
})

test("whatever a CDB says, no block outside the unit is touched", () => {
    const opcode = fc.constantFrom(
        ...["08", "0a", "28", "2a", "2f", "88", "8a", "8f", "a8", "aa", "af"],
    )
    // mostly zeros and ones, so that many are in range
    const byte = fc.oneof(
        { weight: 6, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.nat(1) },
        { weight: 1, arbitrary: fc.nat(255) },
    )
    const rest = fc.array(byte, { minLength: 15, maxLength: 15 })
    let moved = 0
    fc.assert(
        fc.property(opcode, rest, (op, bytes) => {
            const cdb = op + Buffer.from(bytes).toString("hex")
            const { lba, blocks } = ask(cdb)
            if (lba === undefined || blocks === undefined) return
            moved++
            assert(Number.isInteger(lba) && lba >= 0)
            assert(blocks >= 1 && blocks <= 256)
            assert(lba + blocks <= BLOCKS)
        }),
        { seed: 4, numRuns: 2000 },
    )
    assert(moved > 100, `only ${moved} CDBs of 2000 were accepted`)
})
