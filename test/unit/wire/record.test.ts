/** Records on the LAN, byte by byte, as SPEC.md has them. */
import assert from "node:assert/strict"
import { createHmac } from "node:crypto"
import { describe, test } from "node:test"
import { bytes, useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const r = await import("../../../src/wire/record.ts")
const { small } = await import("../../../src/net/frames.ts")

const KEY = "13".repeat(32)
const hmac = (key: string, data: string) =>
    createHmac("sha256", Buffer.from(key, "hex"))
        .update(Buffer.from(data, "hex"))
        .digest("hex")

/** A record in its buffer; the bus has left something in front of it. */
function record(size: number) {
    const body = "0001000002000000" + "05000000"
    const text = body + "77".repeat(size - 12 - 16) + "ee".repeat(16)
    return { b: bytes("c0ffee" + text), text }
}

test("both sizes are those of a frame's buffers", () =>
    assert.deepEqual(
        small.map(b => b.length - r.RECORD_AT),
        [r.SMALL_RECORD, r.LARGE_RECORD],
    ))

test("the large one takes two blocks with header and trailer", () =>
    assert.ok(r.RECORD_HEAD + 16 + 1024 + 8 <= r.RECORD_END))

for (const size of [r.SMALL_RECORD, r.LARGE_RECORD])
    describe(`a record of ${size} bytes`, () => {
        const { b, text } = record(size)
        const tag = r.recordTag(bytes(KEY), b).toString("hex")
        test("has the tag that its bytes and the key make", () => {
            const tagless = "000000" + text.slice(0, -32) + "00".repeat(16)
            assert.equal(tag, hmac(KEY, tagless))
        })
        test("has another with any other byte, or key", () => {
            for (let at = 0; at < size - r.RECORD_TAG; at += 7) {
                const other = record(size).b
                other[r.RECORD_AT + at] ^= 1
                const its = r.recordTag(bytes(KEY), other)
                assert.notEqual(its.toString("hex"), tag, `byte ${at}`)
            }
            const other = r.recordTag(bytes("14".repeat(32)), record(size).b)
            assert.notEqual(other.toString("hex"), tag)
        })
    })

test("both nonces make the key, a's first", () =>
    assert.equal(
        r
            .sessionKey(
                bytes(KEY),
                bytes("aa".repeat(16)),
                bytes("bb".repeat(16)),
            )
            .toString("hex"),
        hmac(KEY, "aa".repeat(16) + "bb".repeat(16)),
    ))
