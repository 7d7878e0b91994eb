/** Frames between the boards, byte by byte. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { bytes, useDeviceScript, zeros } from "../../support/devicescript.ts"
import { header, isHeader } from "../../support/linkframe.ts"

useDeviceScript()
const l = await import("../../../src/wire/link.ts")

describe("a frame's header", () => {
    // WRITE, volume b, 8 blocks to place 3 of the pool, sequence 0x01020304,
    // LBA 0x05060708
    const b = bytes(header("02 01 0803 04030201 08070605"))
    test("takes 16 bytes", () => assert.equal(b.length, l.LINK_HEADER))
    test("has its fields", () => {
        assert.equal(b[l.L_TYPE], l.Frame.Write)
        assert.equal(b[l.L_VOLUME], 1)
        assert.equal(b.getAt(l.L_A, "u32"), 0x01020304)
        assert.equal(b.getAt(l.L_B, "u32"), 0x05060708)
        assert.equal(b[l.L_C], 8)
        assert.equal(b[l.L_C + 1], 3)
    })
    test("is not one any more when one bit or two came wrong", () => {
        const flip = (b: Buffer, bit: number) => {
            const copy = Buffer.from(b)
            copy[bit >> 3] ^= 1 << (bit & 7)
            return copy
        }
        for (const digits of [
            "02 01 0803 04030201 08070605",
            "03 00 0000 00000000 00000000",
            "ff ff ffff ffffffff ffffffff",
        ]) {
            const whole = Buffer.from(header(digits), "hex")
            assert(isHeader(whole))
            for (let i = 0; i < 128; i++) {
                const one = flip(whole, i)
                assert(!isHeader(one), `bit ${i}`)
                for (let j = 0; j < i; j++)
                    assert(!isHeader(flip(one, j)), `bits ${i} and ${j}`)
            }
        }
    })
    test("has its type's number", () => {
        const { Hello, Write, Stored, Sync, Ping } = l.Frame
        assert.deepEqual([Hello, Write, Stored, Sync, Ping], [1, 2, 3, 4, 5])
    })
})

test("a trailer repeats the sequence number and says WEND", () => {
    const b = bytes("04030201" + "57454e44")
    assert.equal(b.length, l.LINK_TRAILER)
    assert.equal(b.getAt(4, "u32"), l.TRAILER_MAGIC)
    assert.equal(b.slice(4).toString(), "WEND")
})

describe("an identity", () => {
    const id = zeros(l.IDENTITY_SIZE)
    const head =
        "0a000001" + // gateway 10.0.0.1
        "ffffff00" + // mask
        "025457000a0b" + // MAC
        "0a00000b" + // 10.0.0.11
        "bc0c" + // port 3260
        "1d" // length of the name
    const name = "iqn.2026-11.com.example:x.a-b"
    id.blitAt(0, bytes(head), 0, 21)
    id.blitAt(21, name, 0, name.length)

    test("has its name", () => assert.equal(l.nameIn(id), name))
    test("has its TCP port", () => assert.equal(l.tcpPortIn(id), 3260))
    test("has its address", () => assert.equal(l.ipIn(id), "10.0.0.11"))
    test("begins with what the W5500 wants in a row", () => {
        // GAR, SUBR, SHAR, SIPR: datasheet 4.1
        assert.equal(l.ID_ADDRESS, 0)
        assert.equal(l.ID_ADDRESS_SIZE, 4 + 4 + 6 + 4)
        assert.equal(l.ID_MAC, 8)
        assert.equal(l.ID_IP, 14)
    })
    test("takes a name that fills it", () => {
        const full = zeros(l.IDENTITY_SIZE)
        const long = "n".repeat(l.ID_NAME_MAX)
        full[l.ID_NAME_LENGTH] = long.length
        full.blitAt(l.ID_NAME, long, 0, long.length)
        assert.equal(l.nameIn(full), long)
        assert.equal(l.ID_NAME + l.ID_NAME_MAX, l.IDENTITY_SIZE)
    })
    test("fits into HELLO behind the volumes", () => {
        assert(l.H_VOLUMES + 2 * l.H_VOLUME_SIZE <= l.H_IDENTITY)
        assert(l.H_IDENTITY + l.IDENTITY_SIZE <= l.H_DIGEST)
        assert.equal(l.H_DIGEST + 32, l.HELLO_SIZE)
    })
})
