/** One file for one board, made with firmware images that stand in for real ones. */
import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { bundle, programFor } from "../../../devs/bundle/bundle.ts"
import { boardFile, KINDS, type Kind } from "../../../devs/bundle/kinds.ts"
import { Uf2 } from "../../../devs/bundle/uf2.ts"
import { SELFTEST } from "../../../devs/vm/program.ts"
import { plainVmWasm, VmInstance } from "../../../devs/vm/instance.ts"
import {
    code,
    FIRMWARE_BYTES,
    FLASH_BASE,
    standIn,
} from "../../support/firmwareimage.ts"
import { run, temporaryFolder } from "../../support/tools.ts"

const settings = (name: string) => ({
    "tw.board": { name, pair: 77, mib: 32 },
    "tw.net": { ip: `192.168.1.1${name === "a" ? 1 : 2}`, mac: "025457000001" },
    "tw.target": `iqn.2026-11.com.example:twinstore.${name}`,
})

/** A piece of the flash that an image makes. */
function flash(kind: Kind, image: Uint8Array, at: number, size: number) {
    if (kind.format === "uf2") return Uf2.read(image).bytes(at, size)
    const all = new Uint8Array(size).fill(0xff)
    all.set(image.subarray(at, at + size))
    return all
}

/** What a board prints that has this in its flash. */
function printed(storage: Uint8Array): string[] {
    const lines: string[] = []
    let ms = 10
    const vm = new VmInstance(
        {
            deviceId: "7a00000000000001",
            nowUs: () => ms * 1000,
            random: n => new Uint8Array(n),
            console: line => lines.push(line),
            panic: () => {},
            door: () => 0,
            reboot: () => {},
            flash: {
                size: storage.length,
                load: () => storage,
                save: () => {},
            },
        },
        { wasm: plainVmWasm() },
    )
    for (; ms < 3000; ms += 10) vm.process()
    return lines
}

for (const [name, kind] of Object.entries(KINDS)) {
    test(`${name}: both boards start from their images as who they are`, () => {
        const { image: program } = programFor(kind)
        for (const board of ["a", "b"]) {
            const image = bundle(kind, standIn(kind), program, settings(board))
            const base = FLASH_BASE[kind.format]
            const firmware = flash(kind, image, base, FIRMWARE_BYTES)
            const expected = code(kind)
            const end = kind.format === "uf2" ? FIRMWARE_BYTES : 0x9000
            for (const [from, to] of [
                [0, end],
                [0x10000, FIRMWARE_BYTES],
            ])
                assert.ok(
                    Buffer.from(firmware.subarray(from, to)).equals(
                        expected.subarray(from, to),
                    ),
                )
            const { storageAt, storageSize } = kind
            const storage = flash(kind, image, storageAt, storageSize)
            assert.ok(printed(storage).includes(`> ${board}: starting`))
        }
    })

    test(`${name}: the self-test starts from its image`, () => {
        const { image: program } = programFor(kind, SELFTEST)
        const image = bundle(kind, standIn(kind), program, settings("b"))
        const { storageAt, storageSize } = kind
        const lines = printed(flash(kind, image, storageAt, storageSize))
        assert.ok(lines.includes("> b: selftest starts"))
    })

    test(`${name}: the board's pins are where the firmware looks for them`, () => {
        const image = bundle(
            kind,
            standIn(kind),
            programFor(kind).image,
            settings("a"),
        )
        const config = Buffer.from(flash(kind, image, kind.configAt, 4096))
        assert.equal(config.subarray(0, 4).toString("latin1"), "DCFG")
        const { pins, devName } = JSON.parse(
            readFileSync(boardFile(kind), "utf8"),
        ) as { pins: Record<string, number>; devName: string }
        const text = config.toString("latin1")
        assert.ok(text.includes(devName))
        for (const pin of Object.keys(pins)) assert.ok(text.includes(pin), pin)
    })

    test(`${name}: firmware that reaches into our place is refused`, () => {
        const { image: program } = programFor(kind)
        const make = (firmware: Uint8Array) =>
            bundle(kind, firmware, program, settings("a"))
        const wrong = new Uint8Array(2 << 20).fill(1)
        assert.throws(
            () => make(wrong),
            kind.format === "uf2" ? /no UF2 file/ : /has something at 0x9000/,
        )
        assert.throws(() => make(make(standIn(kind))), /has something at 0x/)
    })
}

test("all kinds have the same pins, each its own, and SPI where it is fast", () => {
    const [first, ...others] = Object.values(KINDS).map(kind => {
        const { pins } = JSON.parse(readFileSync(boardFile(kind), "utf8")) as {
            pins: Record<string, number>
        }
        const used = Object.values(pins)
        assert.equal(new Set(used).size, used.length, "a pin is used twice")
        return Object.keys(pins).sort()
    })
    for (const other of others) assert.deepEqual(other, first)
})

test("the command makes an image, or says what is missing", async t => {
    const dir = temporaryFolder(t)
    const npm = (...args: string[]) =>
        run(t, "npm", ["run", "--silent", ...args])
    const file = path.join(dir, "pair.env")
    await npm("setup", "--", "--defaults", "--file", file)
    const firmware = path.join(dir, "firmware.uf2")
    const out = path.join(dir, "a.uf2")
    const args = ["--board", "a", "--for", "pico", "--settings", file]
    const all = [...args, "--firmware", firmware, "--out", out]
    await assert.rejects(
        npm("bundle", "--", ...all),
        /firmware\.uf2 is not there\. Download https:.*rp2040-pico\.uf2/,
    )
    writeFileSync(firmware, standIn(KINDS.pico))
    const said = await npm("bundle", "--", ...all)
    assert.match(said, /^program \d+ B, \d+ % of a Pico's/)
    assert.match(said, /a\.uf2: \d+ B$/m)
    assert.ok(readFileSync(out).length > 600_000)
    const other = path.join(dir, "selftest.uf2")
    const selftest = [...args, "--firmware", firmware, "--out", other]
    await npm("bundle", "--", ...selftest, "--selftest")
    const { storageAt, storageSize } = KINDS.pico
    const lines = printed(
        flash(KINDS.pico, readFileSync(other), storageAt, storageSize),
    )
    assert.ok(lines.includes("> a: selftest starts"))
})
