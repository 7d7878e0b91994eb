/** INQUIRY data laid out by hand: SPC-4 6.6 and 7.8, SBC-3 6.6. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { ask, askNobody, makeUnit } from "../../support/logicalunit.ts"

const hexOf = (parts: string[]) => parts.join("").replace(/ /g, "")
const ascii = (text: string) => Buffer.from(text).toString("hex")
const failed = { outcome: "Failed", sense: "InvalidField" }

const standard = hexOf([
    "00", // connected, direct access block device
    "00", // not removable
    "06", // SPC-4
    "12", // HISUP, response data format 2
    "5b", // 91 bytes follow
    "00 00", // no SCC, no asymmetric access, no third-party copy
    "02", // CMDQUE
    ascii("TWINSTOR"),
    ascii("HA DISK         "),
    ascii("0001"),
    "00".repeat(22),
    "0460 04c0 0960", // SPC-4, SBC-3, iSCSI
    "00".repeat(32),
])

describe("standard data", () => {
    test("have 96 bytes", () => assert.equal(standard.length, 2 * 96))
    test("come whole", () =>
        assert.deepEqual(ask("12 00 00 0060 00"), {
            outcome: "Reply",
            data: standard,
        }))
    test("are not longer than they are", () =>
        assert.equal(ask("12 00 00 ffff 00").data, standard))
    for (const length of [1, 5, 36, 95])
        test(`are cut to ${length} bytes`, () => {
            const allocated = length.toString(16).padStart(4, "0")
            assert.equal(
                ask(`12 00 00 ${allocated} 00`).data,
                standard.slice(0, 2 * length),
            )
        })
    test("of no bytes are no error", () =>
        assert.deepEqual(ask("12 00 00 0000 00"), { outcome: "Good" }))
    test("have no page code", () =>
        assert.deepEqual(ask("12 00 80 0060 00"), failed))
    test("of a LUN without device differ in their first byte", () =>
        assert.equal(
            askNobody("12 00 00 0060 00").data,
            "7f" + standard.slice(2),
        ))
})

const portName = "iqn.2026-11.com.example:x,t,0x0001"
const pages: Record<string, string> = {
    "00": hexOf(["00 00 0005", "00 80 83 b0 b2"]),
    "80": hexOf(["00 80 0010", ascii("0123456789abcdef")]),
    "83": hexOf([
        "00 83 0050", // 12 + 28 + 40 bytes
        // binary, of the logical unit, NAA 3h: locally assigned
        "01 03 00 08",
        "3011223344556677",
        // ASCII, of the logical unit, T10 vendor ID and serial number
        "02 01 00 18",
        ascii("TWINSTOR"),
        ascii("0123456789abcdef"),
        // iSCSI, UTF-8, PIV, of the target port, SCSI name string
        "53 98 00 24",
        ascii(portName),
        "0000", // ends in a zero, is a multiple of 4
    ]),
    b0: hexOf([
        "00 b0 003c",
        "00", // no write same of zero blocks
        "00", // no COMPARE AND WRITE
        "0008", // optimal transfer length granularity
        "00000100", // maximum transfer length
        "00000008", // optimal transfer length
        "00".repeat(48), // no prefetch, unmap or write same
    ]),
    b2: hexOf([
        "00 b2 0004",
        "00", // no threshold
        "00", // no unmapping
        "00", // fully provisioned
        "00",
    ]),
}

describe("vital product data", () => {
    for (const [page, data] of Object.entries(pages)) {
        test(`page ${page}h`, () =>
            assert.deepEqual(ask(`12 01 ${page} 00ff 00`), {
                outcome: "Reply",
                data,
            }))
        test(`page ${page}h, cut`, () =>
            assert.equal(
                ask(`12 01 ${page} 0006 00`).data,
                data.slice(0, 2 * 6),
            ))
    }
    test("are only the pages that page 00h lists", () => {
        const listed: string[] = []
        for (let page = 0; page < 256; page++) {
            const code = page.toString(16).padStart(2, "0")
            const answer = ask(`12 01 ${code} 00ff 00`)
            if (answer.outcome === "Reply") listed.push(code)
            else assert.deepEqual(answer, failed)
        }
        assert.deepEqual(listed, Object.keys(pages).sort())
    })

    test("of a port name are whole, ended, and padded to 4 bytes", () => {
        const length = fc.integer({ min: 10, max: 84 })
        fc.assert(
            fc.property(length, n => {
                const name = "n".repeat(n)
                const { data } = ask(
                    "12 01 83 00ff",
                    makeUnit({ portName: name }),
                )
                const page = Buffer.from(data ?? "", "hex")
                const size = page[47]
                assert.equal(page.readUInt16BE(2), 44 + size)
                assert.equal(page.length, 48 + size)
                assert.equal(size % 4, 0)
                const field = page.subarray(48).toString()
                assert.equal(field.replace(/\0{1,4}$/, ""), name)
                assert(field.endsWith("\0"))
            }),
            { seed: 6 },
        )
    })
})
