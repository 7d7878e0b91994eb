/** What a board was flashed with, and what it says of what is wrong. */
import assert from "node:assert/strict"
import { beforeEach, describe, test } from "node:test"
import { useDeviceScript } from "../support/devicescript.ts"
import { flashed } from "../support/devicescript/settings.ts"

useDeviceScript()
const { readSettings } = await import("../../src/settings.ts")
const { Mirroring } = await import("../../src/store/volume.ts")

const BOARD = { name: "b", pair: 0x11223344, mib: 32 }
const NET = {
    ip: "10.0.0.12",
    mask: "255.255.0.0",
    gateway: "10.0.0.1",
    mac: "02545700000b",
    port: 3261,
}
const TARGET = "iqn.2026-11.com.example:x.b"

beforeEach(() => {
    flashed.clear()
    flashed.set("tw.board", BOARD)
    flashed.set("tw.net", NET)
    flashed.set("tw.target", TARGET)
})

const hex = (text: string) => Buffer.from(text).toString("hex")

test("settings make a board who it is", async () => {
    const { index, pair, blocks, identity } = await readSettings()
    assert.equal(index, 1)
    assert.equal(pair, 0x11223344)
    assert.equal(blocks, 65536)
    const bytes = [
        "0a000001", // gateway
        "ffff0000", // mask
        "02545700000b", // MAC
        "0a00000c", // IP
        "bd0c", // TCP port
        "1b", // length of the name
        hex(TARGET),
    ].join("")
    assert.equal(identity.toString("hex"), bytes.padEnd(2 * 96, "0"))
})

test("mask, gateway and port have defaults", async () => {
    flashed.set("tw.net", { ip: NET.ip, mac: NET.mac })
    const { identity } = await readSettings()
    assert.equal(
        identity.slice(0, 20).toString("hex"),
        "00000000" + "ffffff00" + "02545700000b" + "0a00000c" + "bc0c",
    )
})

test("each volume is mirrored as it is said, or in step", async () => {
    const { mirroring } = await readSettings()
    assert.deepEqual(mirroring, [Mirroring.Sync, Mirroring.Sync])
    flashed.set("tw.board", { ...BOARD, mirror: ["none", "async"] })
    const other = await readSettings()
    assert.deepEqual(other.mirroring, [Mirroring.None, Mirroring.Async])
})

test("a name may be as long as its field", async () => {
    flashed.set("tw.target", "n".repeat(75))
    const { identity } = await readSettings()
    assert.equal(identity.toString("hex").slice(2 * 20), "4b" + "6e".repeat(75))
})

describe("a board does not start", () => {
    for (const [what, key, value, why] of [
        ["without its name", "tw.board", undefined, /tw\.board is missing/],
        ["without a network", "tw.net", undefined, /tw\.net is missing/],
        ["without a target", "tw.target", undefined, /tw\.target is missing/],
        ["as c", "tw.board", { ...BOARD, name: "c" }, /"a" or "b"/],
        [
            "without a pair",
            "tw.board",
            { name: "a", mib: 1 },
            /tw\.board\.pair is missing/,
        ],
        [
            "without a size",
            "tw.board",
            { name: "a", pair: 1 },
            /tw\.board\.mib is missing/,
        ],
        [
            "with a size in words",
            "tw.board",
            { ...BOARD, mib: "big" },
            /tw\.board\.mib must be a number/,
        ],
        [
            "with the pair 0",
            "tw.board",
            { ...BOARD, pair: 0 },
            /tw\.board\.pair must be a number/,
        ],
        [
            "mirrored in a way that there is not",
            "tw.board",
            { ...BOARD, mirror: ["sync", "perhaps"] },
            /tw\.board\.mirror: sync, async or none/,
        ],
        [
            "with half a key",
            "tw.key",
            "00".repeat(16),
            /tw\.key: 64 hex digits/,
        ],
        [
            "with a secret that is too short",
            "tw.chap",
            { user: "ada", secret: "short" },
            /tw\.chap\.secret: 12 to 16/,
        ],
        [
            "with a secret of nobody",
            "tw.chap",
            { user: "", secret: "twelve-chars" },
            /tw\.chap\.user/,
        ],
        ["without an IP", "tw.net", { mac: NET.mac }, /tw\.net\.ip is missing/],
        ["without a MAC", "tw.net", { ip: NET.ip }, /tw\.net\.mac is missing/],
        ...["10.0.0", "10.0.0.1.2", "10.0.0.256", "10.0.0.-1", "a.b.c.d"].map(
            ip => [
                `with the IP ${ip}`,
                "tw.net",
                { ...NET, ip },
                /tw\.net\.ip is no IPv4 address/,
            ],
        ),
        [
            "with a short MAC",
            "tw.net",
            { ...NET, mac: "0254" },
            /12 hex digits/,
        ],
        [
            "with a name too long",
            "tw.target",
            "n".repeat(76),
            /tw\.target must be a name of at most 75/,
        ],
    ] as [string, string, unknown, RegExp][])
        test(what, async () => {
            flashed.set(key, value)
            await assert.rejects(readSettings(), why)
        })
})
