/** Wires between boards: who drives them, and what a cut leaves. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { World } from "../../devs/sim/world.ts"
import { Strength, Wire, type Drive } from "../../devs/bench/wires.ts"

const driven = (level: 0 | 1): Drive => ({ level, strength: Strength.Driven })
const outside = (level: 0 | 1): Drive => ({
    level,
    strength: Strength.ExternalPull,
})
const inside = (level: 0 | 1): Drive => ({
    level,
    strength: Strength.InternalPull,
})
const FREE: Drive = { level: 0, strength: Strength.None }

const levels = (w: Wire) => [w.a.level, w.b.level]

test("both ends read what one end drives; nobody drives: low", () => {
    const w = new Wire()
    assert.deepEqual(levels(w), [0, 0])
    w.a.drive(driven(1))
    assert.deepEqual(levels(w), [1, 1])
    w.a.drive(driven(0))
    assert.deepEqual(levels(w), [0, 0])
    w.a.drive(FREE)
    w.b.drive(driven(1))
    assert.deepEqual(levels(w), [1, 1])
})

test("an output wins over a resistor, and that over one inside a chip", () => {
    const w = new Wire()
    w.a.drive(inside(1))
    assert.deepEqual(levels(w), [1, 1])
    w.b.pull(outside(0))
    assert.deepEqual(levels(w), [0, 0])
    w.a.drive(driven(1))
    assert.deepEqual(levels(w), [1, 1])
})

test("equal strengths that differ read low: open drain and ground win", () => {
    for (const kind of [driven, outside, inside]) {
        const w = new Wire()
        w.a.drive(kind(1))
        w.b.drive(kind(0))
        assert.deepEqual(levels(w), [0, 0])
    }
})

test("a cut wire has two ends that know nothing of each other", () => {
    const w = new Wire()
    w.a.drive(driven(1))
    w.b.pull(inside(0))
    w.cut = true
    assert.deepEqual(levels(w), [1, 0])
    w.b.pull(outside(1))
    w.a.drive(driven(0))
    assert.deepEqual(levels(w), [0, 1])
    w.cut = false
    assert.deepEqual(levels(w), [0, 0])
})

test("a fence: pulled up at the far end, low when held, and when unpowered", () => {
    const w = new Wire()
    w.b.pull(outside(1))
    assert.equal(w.a.level, 1, "released, and whole")
    w.a.drive(driven(0))
    assert.equal(w.b.level, 0, "held")
    w.cut = true
    assert.deepEqual(levels(w), [0, 1], "cut: it does not reach the partner")
    w.cut = false
    w.a.drive(inside(0))
    w.b.pull(inside(0))
    assert.equal(w.a.level, 0, "the partner is without power")
})

test("watchers hear of every change at either end, and of cuts", () => {
    const w = new Wire()
    const heard: number[][] = []
    w.watch(() => heard.push(levels(w)))
    w.a.drive(driven(1))
    w.b.pull(outside(0))
    w.cut = true
    w.cut = false
    assert.deepEqual(heard, [
        [1, 1],
        [1, 1],
        [1, 0],
        [1, 1],
    ])
})

/// Faults ///

test("a wire shorted to ground or supply reads so at both ends", () => {
    const w = new Wire()
    let heard = 0
    w.watch(() => heard++)
    w.a.drive(driven(1))
    w.stuck = 0
    assert.deepEqual(levels(w), [0, 0])
    w.a.drive(driven(0))
    w.stuck = 1
    assert.deepEqual(levels(w), [1, 1])
    w.stuck = undefined
    assert.deepEqual(levels(w), [0, 0])
    assert.equal(heard, 5, "watchers hear of it")
})

/** Levels at both ends, each time that something changes. */
function history(w: Wire, world: World) {
    const seen: [number, ...number[]][] = []
    w.watch(() => seen.push([world.now, ...levels(w)]))
    return seen
}

test("late edges come in order, and the end that makes them sees them at once", () => {
    const world = new World()
    const w = new Wire(world)
    const late = [100, 10, 0]
    w.jitter = () => late.shift() ?? assert.fail("asked once an edge")
    const seen = history(w, world)
    w.a.drive(driven(1))
    world.runUntil(50)
    w.a.drive(driven(0))
    w.a.drive(driven(1))
    assert.deepEqual(levels(w), [1, 0])
    world.runUntil(1000)
    assert.deepEqual(seen, [
        [0, 1, 0],
        [50, 0, 0],
        [50, 1, 0],
        [100, 1, 1],
        [100, 1, 0],
        [100, 1, 1],
    ])
})

test("edges behind the last late one wait for it, and no other", () => {
    const world = new World()
    const w = new Wire(world)
    w.jitter = () => 100
    w.a.drive(driven(1))
    w.jitter = undefined
    w.a.drive(driven(0))
    assert.deepEqual(levels(w), [0, 0])
    world.runUntil(99)
    w.b.pull(inside(1)) // the other way nothing is late
    assert.equal(w.a.level, 0)
    w.a.drive(FREE)
    assert.equal(w.a.level, 1)
    world.runUntil(100)
    assert.deepEqual(levels(w), [1, 1])
    w.b.pull(FREE)
    assert.deepEqual(levels(w), [0, 0], "the last has come last")
    w.a.drive(driven(1))
    assert.deepEqual(levels(w), [1, 1], "nothing is under way any more")
})

test("an edge that is missed leaves the level until the next that is seen", () => {
    const w = new Wire()
    const misses = [true, false, false]
    w.missEdge = () => misses.shift() ?? assert.fail("asked once an edge")
    w.a.drive(driven(1))
    assert.deepEqual(levels(w), [1, 0])
    w.a.drive(driven(0)) // no edge for whoever reads low
    assert.deepEqual(levels(w), [0, 0])
    w.a.drive(driven(1))
    assert.deepEqual(levels(w), [1, 1])
    w.a.drive(driven(0))
    assert.deepEqual(levels(w), [0, 0])
})

test("a wire that misses no edges any more shows what is", () => {
    const w = new Wire()
    w.missEdge = () => true
    w.a.drive(driven(1))
    w.missEdge = undefined
    assert.deepEqual(levels(w), [1, 1])
})

test("an end that is shorted wins over outputs, and a cut keeps it at home", () => {
    for (const level of [0, 1] as const) {
        const w = new Wire()
        w.a.drive(driven((1 - level) as 0 | 1))
        w.b.short = level
        assert.deepEqual(levels(w), [level, level])
        w.cut = true
        assert.deepEqual(levels(w), [1 - level, level])
        w.b.short = undefined
        w.cut = false
        assert.deepEqual(levels(w), [1 - level, 1 - level])
    }
})
