/** What befalls boards and their wires: a clock that drifts, delays, panics, a finger. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { PANIC_RESTART_US } from "../../devs/bench/board.ts"
import { DoorPin } from "../../src/board/door.ts"
import { unlimitedSpeed, type Pair } from "../../devs/bench/pair.ts"
import { BoardPins } from "../../devs/bench/pins.ts"
import { SpiController } from "../../devs/bench/spi.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import { Strength } from "../../devs/bench/wires.ts"
import { mirroredPair } from "../support/bench.ts"
import { LoneBoard } from "./support/board.ts"

const TICKS = "test/vm/ticks.ts"
const MS = 1000
/** From power to the program's first line. */
const BOOTED_US = 1_200 * MS

/** A board whose program sleeps and idles for 50 ms by turns. */
function ticking(options: { clockRate?: number } = {}) {
    const lone = new LoneBoard(TICKS, options)
    lone.until(/begins/)
    return lone
}

/** World's time of each line from now on that is like this. */
function timesOf(lone: LoneBoard, line: RegExp, count: number): number[] {
    return Array.from({ length: count }, () => {
        const before = lone.lines.length
        lone.world.runWhile(
            () => !lone.lines.slice(before).some(l => line.test(l)),
            10e6,
            `${line}`,
        )
        return lone.world.now
    })
}

function boots(lone: LoneBoard) {
    return lone.lines.filter(l => /begins/.test(l)).length
}

test("a clock that is fast sleeps and idles short, and a slow one long", () => {
    for (const clockRate of [1, 1.01, 0.99, 1.0001]) {
        const lone = ticking({ clockRate })
        const [idled, slept, again] = [/idled/, /slept/, /idled/].map(
            line => timesOf(lone, line, 1)[0],
        )
        const took = [slept - idled, again - slept]
        for (const us of took)
            assert.ok(Math.abs(us * clockRate - 50 * MS) < 1, took.join())
    }
})

test("a delayed VM stands still so long, and then goes on", () => {
    const lone = ticking()
    timesOf(lone, /idled/, 1)
    const began = lone.world.now
    lone.board.delay(300 * MS)
    lone.board.delay(200 * MS)
    const [slept, idled] = [/slept/, /idled/].map(
        line => timesOf(lone, line, 1)[0],
    )
    assert.equal(Math.round((slept - began) / MS), 500, "both, one by one")
    assert.equal(Math.round((idled - slept) / MS), 50, "no delay any more")
})

test("a delay that comes while the VM runs begins when it has done", () => {
    let delayed = 0
    const lone: LoneBoard = new LoneBoard(TICKS, {
        onLine: line => {
            if (!/slept/.test(line) || delayed) return
            delayed = lone.world.now
            lone.board.delay(300 * MS)
        },
    })
    const [idled] = timesOf(lone, /idled/, 1)
    assert.equal(Math.round((idled - delayed) / MS), 300)
})

test("a crashed program starts anew after five seconds", () => {
    const lone = ticking()
    const began = lone.world.now
    lone.board.crash()
    assert.deepEqual([lone.halts, lone.panics.length], [1, 0])
    assert.equal(lone.board.isRunning, false)
    lone.board.crash() // what has crashed cannot crash
    timesOf(lone, /begins/, 1)
    const late = lone.world.now - began - PANIC_RESTART_US
    assert.ok(late >= 0 && late < 20 * MS, `${late} µs late`)
    timesOf(lone, /slept/, 1)
    assert.equal(lone.halts, 1)
})

test("a crashed board's pins keep their levels, and a reset one's float", () => {
    const lone = ticking()
    lone.spare.a.drive({ level: 1, strength: Strength.Driven })
    lone.board.crash()
    assert.equal(lone.spare.b.level, 1)
    lone.board.reset()
    assert.equal(lone.spare.b.level, 0)
})

test("power and reset come before the restart of what has crashed", () => {
    const lone = ticking()
    lone.board.crash()
    lone.run(1_000 * MS)
    lone.board.setPower(false)
    lone.run(10_000 * MS)
    assert.equal(lone.board.isRunning, false)
    lone.board.setPower(true)
    lone.run(BOOTED_US)
    assert.equal(boots(lone), 2)
    lone.board.crash()
    lone.board.reset()
    lone.run(BOOTED_US)
    assert.equal(boots(lone), 3)
    lone.run(PANIC_RESTART_US)
    assert.equal(boots(lone), 3, "one start, and not the crash's as well")
})

test("a reset holds the board for a millisecond, and boots it", () => {
    const lone = ticking()
    const began = lone.world.now
    lone.board.reset()
    assert.equal(lone.runLine.a.level, 0, "the partner's fence line is low")
    assert.deepEqual([lone.halts, lone.board.isRunning], [1, false])
    lone.run(1 * MS)
    assert.equal(lone.runLine.a.level, 1)
    timesOf(lone, /begins/, 1)
    const booted = lone.world.now - began
    assert.ok(booted > 1_100 * MS && booted < BOOTED_US, `${booted} µs`)
})

test("power that goes before the boot is over leaves no program behind", () => {
    const lone = ticking()
    lone.runLine.watch(() => lone.board.resetLineChanged())
    lone.board.setPower(false)
    lone.board.setPower(true)
    lone.run(500 * MS)
    lone.board.setPower(false)
    lone.run(5_000 * MS)
    assert.equal(lone.board.isRunning, false)
})

test("a pair has its wires' conductors by name, and clocks that drift", () => {
    const clockRate = { a: 1 + 100e-6, b: 1 - 100e-6 }
    const { pair } = mirroredPair({ speed: unlimitedSpeed(), clockRate })
    const count = (
        ["beat-a", "fence-b", "present", "link", "lan-a"] as const
    ).map(name => pair.wire(name).length)
    assert.deepEqual(count, [1, 1, 2, 0, 0])
    const { a, b } = pair.nodes
    pair.wire("fence-a")[0].stuck = 0
    assert.deepEqual([a.board.isRunning, b.board.isRunning], [true, false])
    const [beat] = pair.wire("beat-b")
    assert.equal(beat.a.level, 0, "a board in reset drives nothing")
    beat.stuck = 1
    assert.equal(beat.b.level, 1)
})

/// Boards that were soldered badly ///

/** A pair without power, of which something is broken first. */
function soldered(breakIt: (pair: Pair) => void) {
    const bench = new VirtualBench({
        program: buildProgram(),
        seed: 1,
        speed: unlimitedSpeed(),
    })
    breakIt(bench.pair)
    bench.pair.setPower(true)
    return bench
}

test("a reset line that is low from the first moment holds board and chips", () => {
    const { pair } = soldered(p => (p.wire("fence-a")[0].stuck = 0))
    const { board, home } = pair.nodes.b
    assert.deepEqual([board.isRunning, home.up], [false, false])
    pair.wire("fence-a")[0].stuck = undefined
    assert.ok(home.up)
})

test("without its pull-up a reset line is low as soon as the fence's pull-down is on", () => {
    const bench = soldered(p => (p.nodes.b.board.wiring.hasPullUp = false))
    const [fence] = bench.pair.wire("fence-a")
    assert.equal(fence.b.level, 1, "RUN's own pull-up, while a's pin floats")
    bench.run(3e6)
    assert.deepEqual(
        [fence.b.level, bench.pair.nodes.b.board.isRunning],
        [0, false],
    )
})

test("a fence resets what it is wired to, processor or chips", () => {
    for (const reaches of ["processor", "chips"]) {
        const { pair } = mirroredPair({ speed: unlimitedSpeed() })
        const { board, home } = pair.nodes.b
        const { ip } = home
        if (reaches === "chips") board.wiring.resetsProcessor = false
        else board.wiring.resets = []
        pair.wire("fence-a")[0].stuck = 0
        assert.equal(board.isRunning, reaches === "chips")
        assert.equal(home.ip, reaches === "chips" ? 0 : ip)
    }
})

test("a board that pulls its own reset line starts anew, and its chips do", () => {
    const bench = soldered(p => {
        const { wires } = p.nodes.a.board.wiring
        wires[DoorPin.BeatOut] = p.wire("fence-b")[0].b
    })
    let halts = 0
    const { board, home } = bench.pair.nodes.a
    bench.pair.wire("fence-b")[0].watch(() => {
        if (!board.isRunning) halts++
    })
    bench.run(4e6)
    assert.ok(halts > 2, "each first beat is its last")
    assert.ok(home.up, "and the chips are not left in reset")
})

test("a pin with nothing on it follows its own pull resistor", () => {
    const spi = new SpiController(0)
    const pins = new BoardPins({ selects: {}, wires: {}, outputs: {} }, spi)
    assert.equal(pins.level(DoorPin.IntHome), 0)
    pins.setMode(DoorPin.IntHome, 0x11)
    assert.equal(pins.level(DoorPin.IntHome), 1)
    pins.setMode(DoorPin.IntHome, 0x21)
    assert.equal(pins.level(DoorPin.IntHome), 0)
})
