/** Mode parameters laid out by hand: SPC-4 6.11 and 7.5, SBC-3 6.5. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { ask, makeUnit } from "../../support/logicalunit.ts"

const hexOf = (parts: string[]) => parts.join("").replace(/ /g, "")
const failed = (sense: string) => ({ outcome: "Failed", sense })

/** 65536 blocks of 512 bytes. */
const descriptor = "00010000 00 000200"
const DPOFUA = "10"
/** Write cache enabled; nothing else. */
const caching = "08 12 04" + "00".repeat(17)
const control = "0a 0a 02" + "00".repeat(9) // GLTSD
const exceptions = "1c 0a 00" + "00".repeat(9)

/** Parameters as MODE SENSE (6) returns them. */
const mode6 = (length: string, pages: string[]) =>
    hexOf([length, "00", DPOFUA, "08", descriptor, ...pages])

describe("MODE SENSE (6)", () => {
    for (const [what, cdb, data] of [
        ["of the caching page", "1a 00 08 00 ff", mode6("1f", [caching])],
        ["of the control page", "1a 00 0a 00 ff", mode6("17", [control])],
        ["of exceptions", "1a 00 1c 00 ff", mode6("17", [exceptions])],
        [
            "of all pages, in ascending order",
            "1a 00 3f 00 ff",
            mode6("37", [caching, control, exceptions]),
        ],
        [
            "of all pages and subpages",
            "1a 00 3f ff ff",
            mode6("37", [caching, control, exceptions]),
        ],
        [
            "without block descriptor",
            "1a 08 08 00 ff",
            hexOf(["17 00", DPOFUA, "00", caching]),
        ],
        ["of defaults: the same", "1a 00 88 00 ff", mode6("1f", [caching])],
        [
            "of what can be changed: nothing",
            "1a 00 48 00 ff",
            mode6("1f", ["08 12" + "00".repeat(18)]),
        ],
        ["cut to 4 bytes", "1a 00 08 00 04", "1f001008"],
    ] as const)
        test(what, () => assert.deepEqual(ask(cdb), { outcome: "Reply", data }))

    for (const [what, cdb, sense] of [
        ["of saved values", "1a 00 c8 00 ff", "SavingNotSupported"],
        ["of a page that is not there", "1a 00 03 00 ff", "InvalidField"],
        ["of a subpage", "1a 00 0a 01 ff", "InvalidField"],
    ] as const)
        test(what, () => assert.deepEqual(ask(cdb), failed(sense)))

    test("of no bytes is no error", () =>
        assert.deepEqual(ask("1a 00 08 00 00"), { outcome: "Good" }))
})

describe("MODE SENSE (10)", () => {
    for (const [what, cdb, data] of [
        [
            "of the caching page",
            "5a 00 08 00 000000 00ff",
            hexOf(["0022 00", DPOFUA, "00 00 0008", descriptor, caching]),
        ],
        [
            "without block descriptor",
            "5a 08 08 00 000000 00ff",
            hexOf(["001a 00", DPOFUA, "00 00 0000", caching]),
        ],
        [
            "of all pages",
            "5a 08 3f 00 000000 ffff",
            hexOf(["0032 00", DPOFUA, "00 00 0000"]) +
                hexOf([caching, control, exceptions]),
        ],
    ] as const)
        test(what, () => assert.deepEqual(ask(cdb), { outcome: "Reply", data }))
    test("of saved values", () =>
        assert.deepEqual(
            ask("5a 00 c8 00 000000 00ff"),
            failed("SavingNotSupported"),
        ))
})

describe("the block descriptor", () => {
    for (const [blocks, field] of [
        [1, "00000001"],
        [0xffffff, "00ffffff"],
        [0x1000000, "01000000"], // 8 GiB
        [0x7ffffff0, "7ffffff0"],
    ] as const)
        test(`counts ${blocks} blocks`, () => {
            const { data } = ask("1a 00 08 00 0c", makeUnit({ blocks }))
            assert.equal(data?.slice(8), `${field}00000200`)
        })
})
