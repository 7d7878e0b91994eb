/**
 * `npm start`: what it prints, what it refuses, how it ends. Without options
 * docs.test.ts runs it: its addresses are one test's at a time.
 */
import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { once } from "node:events"
import net from "node:net"
import path from "node:path"
import { test, type TestContext } from "node:test"
import {
    BOARD_NAMES,
    type BoardName,
    type Portal,
} from "../../devs/bench/pair.ts"
import { assertGood, pattern } from "../support/bench.ts"
import { state } from "../support/control.ts"
import { connected, CONTROL, PORTALS, url } from "../support/live.ts"
import { OWN_ADDRESSES, OWN_CONSOLES, StartTool } from "../support/starttool.ts"
import { temporaryFolder } from "../support/tools.ts"

const options = { timeout: 60_000 }

/** The tool with options that it refuses. @returns what it says */
async function refused(t: TestContext, args: string[], cwd?: string) {
    const { code, stdout, stderr } = await StartTool.run(t, args, cwd).ended
    assert.equal(code, 1)
    assert.equal(stdout, "")
    assert.doesNotMatch(stderr, /^ +at /m, "a stack is no explanation")
    return stderr
}

/** Listens on an address as long as the test runs, if that can be. */
async function occupy(t: TestContext, { ip, port }: Portal) {
    const server = net.createServer()
    t.after(() => server.close())
    server.listen(port, ip)
    await once(server, "listening")
}

const isFree = ({ ip, port }: Portal) =>
    new Promise<boolean>(resolve => {
        const server = net.createServer()
        server.once("error", () => resolve(false))
        server.listen(port, ip, () => server.close(() => resolve(true)))
    })

test("--help names every option and its default", options, async t => {
    const { code, stdout } = await StartTool.run(t, ["--help"]).ended
    assert.equal(code, 0)
    const help = stdout.replace(/\s+/g, " ")
    for (const [option, value] of [
        ["--portal-a <ip:port>", "127.0.0.11:3260"],
        ["--portal-b <ip:port>", "127.0.0.12:3260"],
        ["--control <ip:port>", "127.0.0.1:8011"],
        ["--state <dir>", ".twinstore"],
    ])
        assert.match(help, new RegExp(`${option} [^-]*\\(default: "${value}"`))
})

test("it serves where it is told to", options, async t => {
    const dir = path.join(temporaryFolder(t), "new/state")
    const tool = await StartTool.ready(t, dir)
    const lines = (await tool.prints(/^ready$/m)).split("\n")
    for (const name of BOARD_NAMES) {
        assert.ok(lines.includes(url(name)), url(name))
        await (await connected(name)).logout()
    }
    assert.equal((await state()).mirrored, true)
    assert.equal((await tool.stop("SIGINT")).code, 0)
})

/** Writes that were acknowledged before a signal came. */
async function stopInWrites(t: TestContext, dir: string, s: NodeJS.Signals) {
    const tool = await StartTool.ready(t, dir)
    const acknowledged: { name: BoardName; k: number }[] = []
    for (const name of BOARD_NAMES) {
        const host = await connected(name)
        const write = async (k: number) => {
            assertGood(await host.write(k * 8, pattern(k * 8, 8, k)))
            acknowledged.push({ name, k })
        }
        const ks = Array.from({ length: 30 }, (_, k) => k)
        await Promise.all(ks.map(write))
        // and more that is under way when the signal comes
        for (const k of ks) write(30 + k).catch(() => {})
    }
    const end = await tool.stop(s)
    assert.equal(end.code, 0, end.stderr)
    assert.equal(end.stderr, "")
    return acknowledged
}

for (const signal of ["SIGINT", "SIGTERM"] as const)
    test(`${signal} in mid-write loses nothing`, options, async t => {
        const dir = temporaryFolder(t)
        const acknowledged = await stopInWrites(t, dir, signal)
        assert.ok(acknowledged.length >= 60)
        const tool = await StartTool.ready(t, dir)
        const hosts = { a: await connected("a"), b: await connected("b") }
        for (const { name, k } of acknowledged) {
            const r = await hosts[name].read(k * 8, 8)
            assertGood(r)
            assert.ok(r.data.equals(pattern(k * 8, 8, k)), `${name} ${k}`)
        }
        assert.equal((await tool.stop(signal)).code, 0)
    })

test("a signal to npm reaches the boards", options, async t => {
    const dir = temporaryFolder(t)
    const tool = StartTool.npm(t, [...OWN_ADDRESSES, "--state", dir])
    await tool.prints(/^ready$/m)
    assert.equal((await tool.stop("SIGTERM")).code, 0)
    for (const portal of [PORTALS.a, PORTALS.b, CONTROL])
        assert.ok(await isFree(portal), `${portal.ip} is free again`)
})

for (const [what, portal] of [
    ["board a's", PORTALS.a],
    ["board b's", PORTALS.b],
    ["the control API's", CONTROL],
] as const)
    test(`${what} address in use is told`, options, async t => {
        await occupy(t, portal)
        const dir = temporaryFolder(t)
        const says = await refused(t, [...OWN_ADDRESSES, "--state", dir])
        assert.match(says, new RegExp(`${portal.ip}:${portal.port} is in use`))
        assert.match(says, /--portal-a/)
    })

/** Everything in a folder. */
function contents(dir: string) {
    return readdirSync(dir, { recursive: true, encoding: "utf8" })
        .sort()
        .map(f => {
            const file = path.join(dir, f)
            return [f, existsSync(file) && readFileSync(file, "latin1")]
        })
}

for (const [what, fill, reason] of [
    [
        "of somebody else",
        (dir: string) => writeFileSync(path.join(dir, "photo.jpg"), "photo"),
        /files that are not Twinstore's/,
    ],
    [
        "with a card image and no mark",
        (dir: string) => writeFileSync(path.join(dir, "card-a.img"), "image"),
        /files that are not Twinstore's/,
    ],
    [
        "with somebody else's mark",
        (dir: string) =>
            writeFileSync(path.join(dir, "twinstore.json"), '{"name":"x"}'),
        /twinstore.json is not Twinstore's/,
    ],
] as const)
    test(`a state folder ${what} is left as it is`, options, async t => {
        const dir = temporaryFolder(t)
        fill(dir)
        const before = contents(dir)
        const says = await refused(t, [...OWN_ADDRESSES, "--state", dir])
        assert.match(says, reason)
        assert.match(says, /--state/)
        assert.deepEqual(contents(dir), before)
    })

test("a state folder is used by one pair at a time", options, async t => {
    const dir = temporaryFolder(t)
    const lock = path.join(dir, "in-use")
    writeFileSync(lock, `${2 ** 31 - 1}\n`) // of a process that was killed
    writeFileSync(path.join(dir, "twinstore.json"), '{"twinstore":1}')
    const first = await StartTool.ready(t, dir)
    const says = await refused(t, [...OWN_ADDRESSES, "--state", dir])
    assert.match(says, /is used by process \d+.*--state/)
    first.child.kill("SIGTERM")
    assert.equal((await first.ended).code, 0)
    assert.ok(!existsSync(lock))
})

test("a state folder that is a file is left as it is", options, async t => {
    const file = path.join(temporaryFolder(t), "state")
    writeFileSync(file, "text")
    const says = await refused(t, [...OWN_ADDRESSES, "--state", file])
    assert.match(says, /is not a folder.*--state/)
    assert.equal(readFileSync(file, "utf8"), "text")
})

test("a card with somebody else's data is not written to", options, async t => {
    const dir = temporaryFolder(t)
    writeFileSync(path.join(dir, "twinstore.json"), '{"twinstore":1}')
    const card = path.join(dir, "card-b.img")
    const data = Buffer.alloc(128 << 20, "not a superblock ")
    writeFileSync(card, data)
    const tool = StartTool.run(t, [...OWN_ADDRESSES, "--state", dir])
    await tool.prints(/ b card has data that are not ours: not touched/)
    assert.equal((await tool.stop("SIGTERM")).code, 0)
    assert.ok(readFileSync(card).equals(data))
})

for (const [args, reason] of [
    [["--portal-a", "3260"], /"3260" is not IP:PORT/],
    [["--portal-b", "127.0.0.300:3260"], /127.0.0.300/],
    [["--control", "127.0.0.1:0"], /"127.0.0.1:0" is not IP:PORT/],
    [["--portal-a", "127.0.0.12:3261"], /an IP address of its own/],
    [["--portal-a", "192.0.2.1:3260"], /192.0.2.1 is not an address of this/],
    [["--size", "64"], /unknown option '--size'/],
    [["here"], /too many arguments/],
] as [string[], RegExp][])
    test(`"${args.join(" ")}" is refused`, options, async t => {
        const cwd = temporaryFolder(t)
        const all = [...OWN_CONSOLES, ...args]
        assert.match(await refused(t, all, cwd), reason)
    })
