/** The live clock: a world that keeps up with the real one, within limits. */
import assert from "node:assert/strict"
import { performance } from "node:perf_hooks"
import { test } from "node:test"
import { LiveClock } from "../../devs/sim/live.ts"
import { World } from "../../devs/sim/world.ts"

const fail = (e: unknown) => {
    throw e
}

function holdUp(ms: number) {
    const until = performance.now() + ms
    while (performance.now() < until);
}

/** Resolves at a virtual time. */
function reached(world: World, us: number) {
    return new Promise<void>(done => void world.after(us, done))
}

test("a virtual millisecond is a real one, more or less", async () => {
    const world = new World()
    // before the clock starts: the process may stall behind it
    const started = performance.now()
    const clock = new LiveClock(world, fail)
    await reached(world, 30_000)
    const took = performance.now() - started
    clock.stop()
    assert.ok(took >= 29, `30 virtual ms took ${took} ms`)
})

test("kick() lets an event happen that another one's wait would delay", async () => {
    const world = new World()
    const clock = new LiveClock(world, fail)
    await reached(world, 1000)
    // the clock now sleeps for as long as it ever does
    const started = performance.now()
    await new Promise<void>(done =>
        setImmediate(() => {
            world.after(0, done)
            clock.kick()
        }),
    )
    clock.stop()
    assert.ok(performance.now() - started < 40)
})

test("when the process stalls, the world stalls: no step is over 2 ms", async () => {
    const world = new World()
    const clock = new LiveClock(world, fail)
    const tick = () => void world.after(1000, tick)
    tick()
    await reached(world, 20_000)
    const before = world.now
    const next = reached(world, 500)
    holdUp(200)
    await next
    clock.stop()
    assert.ok(world.now - before <= 500 + 2000, `${world.now - before} µs`)
})

test("sockets get their turn though events are always due", async () => {
    const world = new World()
    const clock = new LiveClock(world, fail)
    const spin = () => void world.after(0, spin)
    spin()
    for (let k = 0; k < 5; k++) await new Promise(setImmediate)
    clock.stop()
})

test("an error in an event stops the clock and is told", async () => {
    const world = new World()
    const told = new Promise<unknown>(done => {
        new LiveClock(world, done)
        world.after(0, () => {
            throw new Error("its own")
        })
    })
    assert.match(String(await told), /its own/)
    const now = world.now
    holdUp(5)
    await new Promise(setImmediate)
    assert.equal(world.now, now)
})

test("a stopped clock stays stopped", async () => {
    const world = new World()
    const clock = new LiveClock(world, fail)
    world.after(0, () => assert.fail("the clock is stopped"))
    clock.stop()
    clock.kick()
    for (let k = 0; k < 3; k++) await new Promise(setImmediate)
    assert.equal(world.now, 0)
})
