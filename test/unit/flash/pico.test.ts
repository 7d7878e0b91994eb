/** A Pico gets its image as a file; folders play its drive. */
import assert from "node:assert/strict"
import { existsSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { KINDS } from "../../../devs/bundle/kinds.ts"
import { findBootDrive } from "../../../devs/flash/bootdrive.ts"
import { copyToDrive, explainWrite } from "../../../devs/flash/copy.ts"
import { makeDrive, takesImage } from "../../support/bootdrive.ts"
import { standIn } from "../../support/firmwareimage.ts"
import { flashOptions, npm } from "../../support/flash.ts"
import { temporaryFolder } from "../../support/tools.ts"

test("the drive is found where systems mount drives", t => {
    const dir = temporaryFolder(t)
    const places = [{ dir, depth: 2 }]
    assert.throws(
        () => findBootDrive(undefined, places),
        /no board waits for an image: hold .*BOOTSEL.*--drive/,
    )
    makeDrive(path.join(dir, "ada/CAMERA"), "CAM")
    const drive = makeDrive(path.join(dir, "ada/RPI-RP2"))
    assert.equal(findBootDrive(undefined, places), drive)
    const shallow = makeDrive(path.join(dir, "RPI-RP2"))
    assert.equal(findBootDrive(undefined, [{ dir, depth: 1 }]), shallow)
    assert.throws(
        () => findBootDrive(undefined, places),
        new RegExp(`${shallow}, ${drive}|${drive}, ${shallow}`),
    )
    assert.throws(
        () => findBootDrive(undefined, places),
        /several boards wait.*--drive/,
    )
    assert.equal(findBootDrive(drive, places), drive)
})

test("a drive that is not a Pico's is refused", t => {
    const dir = temporaryFolder(t)
    assert.throws(
        () => findBootDrive(dir),
        /is no drive of a board that waits .*no INFO_UF2.TXT.*BOOTSEL/,
    )
    makeDrive(dir, "RP2350")
    assert.throws(
        () => findBootDrive(dir),
        /is of a board "RP2350", and not of a Raspberry Pi Pico.*plug a Pico in/,
    )
})

test("a Pico gets the image that bundle makes, and restarts", async t => {
    const dir = temporaryFolder(t)
    const args = await flashOptions(t, dir, "b", "pico")
    await npm(t, "bundle", ...args)
    const drive = makeDrive(path.join(dir, "drive"))
    const image = takesImage(t, drive)
    const said = await npm(t, "flash", ...args, "--drive", drive)
    const file = args[args.indexOf("--out") + 1]
    assert.ok(readFileSync(file).equals(await image))
    assert.ok(!existsSync(drive))
    assert.match(said, /writing it to .*drive\nthe board has restarted\n/)
    assert.match(said, /it is board b of pair \d+ now$/m)
    assert.match(
        said,
        /^iscsi:\/\/192\.168\.1\.12:3260\/iqn\.2026-11\.com\.example:twinstore\.b\/0, MAC 02:54:57:..:..:0b$/m,
    )
})

test("an image of several pieces is told as it goes", async t => {
    const drive = makeDrive(path.join(temporaryFolder(t), "drive"))
    const file = path.join(temporaryFolder(t), "pico-a.uf2")
    const image = standIn(KINDS.pico)
    writeFileSync(file, image)
    const got = takesImage(t, drive)
    const told: number[] = []
    await copyToDrive(file, drive, (bytes, total) => {
        assert.equal(total, image.length)
        told.push(bytes)
    })
    assert.ok((await got).equals(image))
    assert.ok(told.length > 10)
    assert.deepEqual(
        told,
        [...new Set(told)].sort((x, y) => x - y),
    )
    assert.equal(told.at(-1), image.length)
})

test("a board that does not start is told", async t => {
    const drive = makeDrive(temporaryFolder(t))
    const file = path.join(temporaryFolder(t), "pico-a.uf2")
    writeFileSync(file, standIn(KINDS.pico))
    await assert.rejects(
        copyToDrive(file, drive, undefined, 200),
        /after 0\.2 s the board has not started.*BOOTSEL/,
    )
})

test("a full drive is told", async t => {
    const drive = makeDrive(temporaryFolder(t))
    const file = path.join(temporaryFolder(t), "pico-a.uf2")
    writeFileSync(file, standIn(KINDS.pico))
    symlinkSync("/dev/full", path.join(drive, "pico-a.uf2"))
    await assert.rejects(
        copyToDrive(file, drive),
        /is full\. Unplug the board.*BOOTSEL.*flash again/,
    )
})

test("what else a drive may say is told with what to do next", () => {
    for (const [code, words] of [
        ["EACCES", /not yours to write to: mount it for your user/],
        ["EPERM", /not yours to write to/],
        ["EROFS", /read-only: mount it for writing/],
        ["EIO", /has not taken the image: EIO.*Plug the board in again/],
    ] as const) {
        const e = Object.assign(new Error(code), { code })
        assert.match(explainWrite("/media/x", e).message, words)
    }
})

test("what is wrong is told before an image is made", async t => {
    const dir = temporaryFolder(t)
    const args = await flashOptions(t, dir, "a", "pico")
    for (const [more, words] of [
        [["--drive", dir], /no INFO_UF2\.TXT/],
        [["--port", "/dev/ttyUSB0"], /--port is not for .* pico: leave it out/],
    ] as [string[], RegExp][])
        await assert.rejects(npm(t, "flash", ...args, ...more), words)
    assert.ok(!existsSync(args[args.indexOf("--out") + 1]))
    await assert.rejects(
        npm(
            t,
            ...["flash", "--board", "a", "--for", "pico"],
            ...["--settings", path.join(dir, "none.env")],
            ...["--drive", makeDrive(path.join(dir, "drive"))],
        ),
        /none\.env is not there: `npm run setup` makes it/,
    )
})
