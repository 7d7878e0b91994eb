/** What an operator tells a board over its serial line, and what it answers. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import {
    BOARD_NAMES,
    unlimitedSpeed,
    type BoardName,
} from "../../devs/bench/pair.ts"
import { Unreachable } from "../../devs/bench/serial.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { Random } from "../../devs/sim/random.ts"
import { commandFrame, programDeviceId } from "../../devs/vm/jacdac.ts"
import { buildProgram, ROOT } from "../../devs/vm/program.ts"
import { OPERATOR_RUN, OPERATOR_SERVICE } from "../../src/wire/operator.ts"
import { loggedIn, mirroredPair, pattern } from "../support/bench.ts"

const MS = 1000
/** In which an answer is there. */
const ANSWER_US = 50 * MS
/** In which lines that come by themselves have come. */
const QUIET_US = 2_000 * MS
const DEVICE_ID: Record<BoardName, string> = {
    a: "7a00000000000001",
    b: "7b00000000000002",
}
const SERVICE = readFileSync(path.join(ROOT, "services/operator.md"), "utf8")

/** Lines of both consoles, without `> `, and the bench that writes them. */
function listening(
    make: (onLine: (board: BoardName, line: string) => void) => VirtualBench,
) {
    const lines: string[] = []
    const bench = make((_, line) => {
        if (line.startsWith("> ")) lines.push(line.slice(2))
    })
    /** What is said while time passes. */
    const hear = (us: number) => {
        lines.length = 0
        bench.run(us)
        return [...lines]
    }
    return { bench, hear }
}

/** A pair that mirrors and has nothing more to say by itself. */
function quietPair(options: { pico?: boolean } = {}) {
    const speed = options.pico ? undefined : unlimitedSpeed()
    const pair = listening(onLine =>
        mirroredPair(speed ? { speed, onLine } : { onLine }),
    )
    pair.hear(QUIET_US)
    return pair
}

/** A frame for the program's own device. */
function frame(service: number, command: number, payload: Uint8Array) {
    const device = programDeviceId(DEVICE_ID.a)
    return commandFrame(device, service, command, payload)
}

for (const pico of [false, true])
    test(`status is told once again ${pico ? "by a Pico" : ""}`, () => {
        const { bench, hear } = quietPair({ pico })
        for (const name of BOARD_NAMES) {
            bench.pair.nodes[name].board.command("status")
            // the other one may have to tell of its first answer over the LAN
            const own = (line: string) => line.startsWith(name)
            const said = hear(ANSWER_US).filter(own)
            assert.equal(said.length, 3, said.join("\n"))
            assert.match(said[0], new RegExp(`^${name}: status serves=${name}`))
            assert.match(said[1], new RegExp(`^${name}: counters reads=0 `))
            assert.equal(said[2], `${name}: command status: done`)
            const more = hear(QUIET_US).filter(own)
            assert.deepEqual(more, [], "and not more than once")
        }
    })

const KNOWN =
    "status, serve-alone, takeover, giveback, discard, verify, stop-verify, resync"

test("the service's text has the commands that a board knows", () => {
    const { bench, hear } = quietPair()
    bench.pair.nodes.a.board.command("stauts")
    const [said] = hear(ANSWER_US)
    const known = /^a: command unknown: "stauts"; known: (.*)$/.exec(said)
    const table = SERVICE.matchAll(/^\| `([^`]*)` +\|/gm)
    assert.equal(known?.[1], [...table].map(m => m[1]).join(", "))
})

test("both sides have the service's command code", () => {
    const code = /^ +command run @ (0x[0-9a-f]+) \{$/m.exec(SERVICE)?.[1]
    assert.equal(Number(code), OPERATOR_RUN)
})

test("commands that come at once are taken one by one", () => {
    const { bench, hear } = quietPair()
    const { board } = bench.pair.nodes.b
    for (const name of ["status", "{0} %s", "{0}%s", "status", "x"])
        board.command(name)
    const said = hear(ANSWER_US).filter(l => l.startsWith("b: command"))
    assert.deepEqual(said, [
        "b: command malformed: no name of 1 to 16 characters",
        `b: command unknown: "{0}%s"; known: ${KNOWN}`,
        "b: command status: refused: busy with status",
        `b: command unknown: "x"; known: ${KNOWN}`,
        "b: command status: done",
    ])
})

test("a board that is starting says so", () => {
    const speed = unlimitedSpeed()
    const { bench, hear } = listening(
        onLine =>
            new VirtualBench({
                program: buildProgram(),
                seed: 1,
                speed,
                onLine,
            }),
    )
    bench.pair.nodes.a.card.present = false
    bench.pair.setPower(true)
    assert.ok(hear(5_000 * MS).includes("a: no card: there is none"))
    bench.pair.nodes.a.board.command("status")
    const said = hear(ANSWER_US)
    assert.ok(said.includes("a: command status: refused: starting"))
    bench.pair.nodes.a.card.present = true
    bench.runWhile(() => !bench.isMirrored, 10e6, "a mirrored pair")
    bench.pair.nodes.a.board.command("status")
    assert.ok(hear(ANSWER_US).includes("a: command status: done"))
})

test("a board that plays dead still answers", async () => {
    const { bench, hear } = quietPair()
    // nobody fences it, so that it goes on playing
    bench.pair.cut("present", true)
    await bench.runScript(async () => {
        const host = await loggedIn(bench)
        bench.pair.nodes.a.card.present = false
        // it is never answered
        host.write(0, pattern(0, 8, 1)).catch(() => {})
        await bench.script.sleep(QUIET_US)
    })
    assert.ok(bench.said("a", /^card failed: leaving both volumes/))
    bench.pair.nodes.a.board.command("status")
    const said = hear(ANSWER_US)
    assert.match(said[0], /^a: status serves=none .* card=failed /)
    assert.match(said[1], /^a: counters /)
    assert.equal(said[2], "a: command status: done")
})

test("nobody hears a command without power, in reset, or while hung", () => {
    const { bench, hear } = quietPair()
    const { board } = bench.pair.nodes.a
    const refused = (message: string) =>
        assert.throws(
            () => board.command("status"),
            (e: Error) => {
                assert.ok(e instanceof Unreachable)
                assert.equal(e.message, message)
                return true
            },
        )
    board.setHung(true)
    refused("board a hangs")
    board.setHung(false)
    board.setPower(false)
    refused("board a has no power")
    board.setPower(true)
    refused("board a is starting, or in reset")
    const said = hear(3_000 * MS).filter(l => l.startsWith("a: command"))
    assert.deepEqual(said, [])
})

test("a command that was on its way is lost with the power", () => {
    const { bench, hear } = quietPair()
    const { board } = bench.pair.nodes.a
    board.command("status")
    board.setPower(false)
    board.setPower(true)
    const said = hear(3_000 * MS).filter(l => l.startsWith("a: command"))
    assert.deepEqual(said, [])
})

/** Frames that the VM takes, and no operator sends. */
function* garbage(random: Random) {
    const bytes = (max: number) => random.bytes(random.int(0, max))
    for (let i = 0; i < 100; i++) {
        yield frame(OPERATOR_SERVICE, OPERATOR_RUN, bytes(232))
        yield frame(OPERATOR_SERVICE, OPERATOR_RUN, bytes(20))
        yield frame(OPERATOR_SERVICE, random.int(0, 0xffff), bytes(20))
        yield frame(random.int(0, 255), OPERATOR_RUN, bytes(20))
        yield frame(random.int(0, 255), random.int(0, 0xffff), bytes(232))
        // with this index the VM gives the program no packet at all
        yield frame(0xff, OPERATOR_RUN, bytes(20))
    }
}

test("garbage stops nobody", () => {
    const { bench, hear } = quietPair()
    const { board } = bench.pair.nodes.a
    const random = new Random(1)
    for (const f of garbage(random)) {
        board.receive(f)
        const said = hear(random.int(0, 3) * MS)
        for (const line of said)
            assert.match(line, /^a: command (malformed|unknown): [ -~]*$/)
    }
    hear(QUIET_US)
    assert.equal(board.stats.panics, 0)
    assert.ok(bench.isMirrored)
    board.command("status")
    assert.ok(hear(ANSWER_US).includes("a: command status: done"))
})

test("whoever else is spoken to is not this board's operator", () => {
    const { bench, hear } = quietPair()
    const run = (device: string) =>
        commandFrame(
            device,
            OPERATOR_SERVICE,
            OPERATOR_RUN,
            Buffer.from("status"),
        )
    for (const device of [programDeviceId(DEVICE_ID.b), "0011223344556677"])
        bench.pair.nodes.a.board.receive(run(device))
    assert.deepEqual(hear(ANSWER_US), [])
})
