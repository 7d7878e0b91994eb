import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { bytes, useDeviceScript, zeros } from "../../support/devicescript.ts"

useDeviceScript()
const { get16, get24, get32, increment32, put16, put24, put32, putText } =
    await import("../../../src/wire/bytes.ts")

describe("big-endian numbers", () => {
    const b = bytes("00 01 02 03 ff fe fd fc 80 00 00 00")

    for (const [at, of16, of24, of32] of [
        [0, 0x0001, 0x000102, 0x00010203],
        [4, 0xfffe, 0xfffefd, 0xfffefdfc],
        [8, 0x8000, 0x800000, 0x80000000],
    ])
        test(`are read at byte ${at}`, () => {
            assert.equal(get16(b, at), of16)
            assert.equal(get24(b, at), of24)
            assert.equal(get32(b, at), of32)
        })

    test("are written with the high byte first, and nothing beside", () => {
        const to = bytes("ee ee ee ee ee ee ee ee ee ee ee ee ee")
        put16(to, 1, 0x1234)
        put24(to, 4, 0x56789a)
        put32(to, 8, 0xbcdef012)
        assert.equal(to.toString("hex"), "ee1234ee56789aeebcdef012ee")
    })

    test("of 32 bits are the same after being written and read", () => {
        const to = zeros(4)
        fc.assert(
            fc.property(fc.nat(0xffffffff), n => {
                put32(to, 0, n)
                assert.equal(get32(to, 0), n)
            }),
            { seed: 1 },
        )
    })
})

describe("increment32 adds one", () => {
    for (const [before, after] of [
        ["00000000", "00000001"],
        ["000000fe", "000000ff"],
        ["000000ff", "00000100"],
        ["0000ffff", "00010000"],
        ["00ffffff", "01000000"],
        ["7fffffff", "80000000"],
        ["fffffeff", "ffffff00"],
        ["ffffffff", "00000000"],
    ])
        test(`to ${before}`, () => {
            const b = bytes(`ee ${before} ee`)
            increment32(b, 1)
            assert.equal(b.toString("hex"), `ee${after}ee`)
        })
})

describe("putText", () => {
    const put = (size: number, text: string) => {
        const b = bytes("ee ee ee ee ee ee ee ee")
        putText(b, 1, size, text, 0x20)
        return b.toString("hex")
    }
    test("fills the rest of its field", () =>
        assert.equal(put(5, "ab"), "ee6162202020eeee"))
    test("cuts what its field does not hold", () =>
        assert.equal(put(2, "abcd"), "ee6162eeeeeeeeee"))
    test("of no characters only fills", () =>
        assert.equal(put(3, ""), "ee202020eeeeeeee"))
})
