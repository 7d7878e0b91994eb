/** An ESP32-S3 gets its image from esptool; a script plays that. */
import assert from "node:assert/strict"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import { test, type TestContext } from "node:test"
import { choosePort } from "../../../devs/flash/esptool.ts"
import { flashOptions } from "../../support/flash.ts"
import { run, temporaryFolder } from "../../support/tools.ts"

test("the one port with a fitting USB vendor is the board's", () => {
    const native = { path: "/dev/ttyACM0", vendorId: "303A" }
    const bridge = { path: "/dev/ttyUSB0", vendorId: "10c4" }
    const pico = { path: "/dev/ttyACM1", vendorId: "2e8a" }
    const serial = { path: "/dev/ttyS0" }
    assert.equal(choosePort([serial, pico, native]), "/dev/ttyACM0")
    assert.equal(choosePort([bridge, serial]), "/dev/ttyUSB0")
    assert.throws(
        () => choosePort([native, bridge]),
        /several .*ttyACM0 \(Espressif\), \/dev\/ttyUSB0 \(Silicon.*--port/,
    )
    assert.throws(
        () => choosePort([pico, serial]),
        /no serial port of an ESP32-S3.*--port \(there are \/dev\/ttyACM1\)$/,
    )
    assert.throws(() => choosePort([]), /name its port with --port$/)
})

/** A folder that is all of PATH, with a program that notes its arguments. */
function fakeEsptool(dir: string, program: string, status: number): string {
    const bin = path.join(dir, "bin")
    mkdirSync(bin)
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" >'${dir}/args'\nexit ${status}\n`
    writeFileSync(path.join(bin, program), script, { mode: 0o755 })
    return bin
}

/** Runs the command with nothing else to be found. @returns what it says */
function flash(t: TestContext, args: string[], PATH: string) {
    const all = ["devs/run.mjs", "flash", ...args]
    return run(t, process.execPath, all, { PATH })
}

for (const program of ["esptool", "esptool.py"])
    test(`${program} gets chip, port and image`, async t => {
        const dir = temporaryFolder(t)
        const args = await flashOptions(t, dir, "a", "esp32s3")
        const port = path.join(dir, "ttyACM0")
        writeFileSync(port, "")
        const bin = fakeEsptool(dir, program, 0)
        const said = await flash(t, [...args, "--port", port], bin)
        const file = path.join(dir, "esp32s3-a.bin")
        assert.deepEqual(
            readFileSync(path.join(dir, "args"), "utf8").trim().split("\n"),
            [
                ...["--chip", "esp32s3", "--port", port],
                ...["write_flash", "0x0", file],
            ],
        )
        assert.match(said, /it is board a of pair \d+ now$/m)
        assert.match(said, /^iscsi:\/\/192\.168\.1\.11:3260\//m)
    })

test("each failure says what to do next", async t => {
    const dir = temporaryFolder(t)
    const args = await flashOptions(t, dir, "a", "esp32s3")
    const port = path.join(dir, "ttyACM0")
    writeFileSync(port, "")
    const none = path.join(dir, "none")
    const bin = fakeEsptool(dir, "esptool", 3)
    for (const [more, PATH, words] of [
        [
            ["--port", port],
            none,
            /esptool is not there: `pipx install esptool`/,
        ],
        [["--port", none], bin, /none is not there: plug the board in/],
        [["--port", port], bin, /esptool has ended with 3; .*BOOT.*RESET/],
        [["--drive", dir], bin, /--drive is not for .* esp32s3: leave it out/],
    ] as [string[], string, RegExp][])
        await assert.rejects(flash(t, [...args, ...more], PATH), words)
})
