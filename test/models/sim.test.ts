/** The simulation's clock, scripts and randomness. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { Random } from "../../devs/sim/random.ts"
import { Script } from "../../devs/sim/script.ts"
import { World } from "../../devs/sim/world.ts"

/// World ///

test("events come in order of time, then of scheduling", () => {
    fc.assert(
        fc.property(
            fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }),
            delays => {
                const world = new World()
                const order: number[] = []
                delays.forEach((at, n) =>
                    world.at(at, () => {
                        assert.equal(world.now, at)
                        order.push(n)
                    }),
                )
                world.runUntil(100)
                const wanted = delays
                    .map((at, n) => ({ at, n }))
                    .sort((x, y) => x.at - y.at || x.n - y.n)
                assert.deepEqual(
                    order,
                    wanted.map(w => w.n),
                )
            },
        ),
        { seed: 1 },
    )
})

test("what is scheduled in the past happens now", () => {
    const world = new World()
    world.runUntil(50)
    let at = -1
    world.at(10, () => (at = world.now))
    world.runUntil(60)
    assert.equal(at, 50)
})

test("a cancelled event does not happen, and is not waited for", () => {
    const world = new World()
    const timer = world.after(10, () => assert.fail("it was cancelled"))
    world.after(20, () => {})
    timer.cancelled = true
    assert.equal(world.nextAt, 20)
    world.runUntil(100)
    assert.equal(world.nextAt, Infinity)
})

test("the clock stands at the event while it runs, then at the limit", () => {
    const world = new World()
    world.after(10, () => world.after(5, () => assert.equal(world.now, 15)))
    world.runUntil(12)
    assert.equal(world.now, 12)
    world.runUntil(100)
    assert.equal(world.now, 100)
})

test("an event that has happened counts as cancelled", () => {
    const world = new World()
    const timer = world.after(10, () => {})
    assert.equal(timer.cancelled, false)
    world.runUntil(10)
    assert.equal(timer.cancelled, true)
})

test("step() runs one event, and none behind its limit", () => {
    const world = new World()
    world.after(10, () => {})
    assert.equal(world.step(9), false)
    assert.equal(world.now, 0)
    assert.equal(world.step(10), true)
    assert.equal(world.step(), false)
})

test("runWhile() stops at the condition, or throws at the limit", () => {
    const world = new World()
    let turns = 0
    const tick = () => {
        turns++
        world.after(10, tick)
    }
    tick()
    world.runWhile(() => turns < 5, 1000)
    assert.equal(world.now, 40)
    assert.throws(
        () => world.runWhile(() => true, 1000, "the impossible"),
        /the impossible not reached within 1 virtual ms/,
    )
    assert.ok(world.now <= 1040)
})

/// Script ///

test("scripts wait in virtual time, and several at once", async () => {
    const world = new World()
    const script = new Script(world)
    const log: [string, number][] = []
    const wait = async (name: string, us: number) => {
        for (let k = 0; k < 3; k++) {
            await script.sleep(us)
            log.push([name, world.now])
        }
        return name
    }
    const names = await script.run(
        () => Promise.all([wait("a", 100), wait("b", 150)]),
        1e6,
    )
    assert.deepEqual(names, ["a", "b"])
    assert.deepEqual(log, [
        ["a", 100],
        ["b", 150],
        ["a", 200],
        // scheduled at 150, before a's at 200
        ["b", 300],
        ["a", 300],
        ["b", 450],
    ])
    assert.equal(world.now, 450)
})

test("a promise that an event settles lets its script go on before the next", async () => {
    const world = new World()
    const script = new Script(world)
    const seen: number[] = []
    for (const at of [10, 10, 20]) world.at(at, () => seen.push(at))
    let resolve = () => {}
    world.at(10, () => {
        resolve()
        script.settled()
    })
    world.at(10, () => seen.push(0))
    await script.run(async () => {
        await new Promise<void>(done => (resolve = done))
        seen.push(-1)
        await script.sleep(100)
    }, 1000)
    assert.deepEqual(seen, [10, 10, -1, 0, 20])
})

test("a script's error comes out, and so does the end of its time", async () => {
    const world = new World()
    const script = new Script(world)
    await assert.rejects(
        script.run(async () => {
            await script.sleep(1)
            throw new Error("its own")
        }, 1000),
        /its own/,
    )
    await assert.rejects(
        script.run(() => script.sleep(1e6), 1000),
        /script not done after 0.001 virtual seconds/,
    )
})

/// Random ///

const SEED = fc.integer({ min: -0x80000000, max: 0x7fffffff })

test("a seed repeats its numbers, and another seed makes others", () => {
    const draw = (seed: number) => {
        const r = new Random(seed)
        return [
            ...Array.from({ length: 10 }, () => r.int(0, 1e9)),
            r.unit(),
            r.logNormal(100, 0.5),
            r.fork().int(0, 1e9),
            ...r.bytes(8),
        ]
    }
    fc.assert(
        fc.property(SEED, seed => {
            assert.deepEqual(draw(seed), draw(seed))
            assert.notDeepEqual(draw(seed), draw((seed + 1) | 0))
        }),
        { seed: 1 },
    )
})

test("the first numbers of neighbouring seeds are spread evenly", () => {
    const SEEDS = 4000
    for (let nth = 0; nth < 3; nth++) {
        const bins: number[] = Array(10).fill(0)
        for (let seed = 0; seed < SEEDS; seed++) {
            const r = new Random(seed)
            for (let k = 0; k < nth; k++) r.unit()
            bins[Math.floor(r.unit() * 10)]++
        }
        // five standard deviations, and more
        for (const n of bins) assert.ok(Math.abs(n - SEEDS / 10) < 100, `${n}`)
    }
})

test("a fork's use does not change what its parent draws", () => {
    const [one, two] = [new Random(7), new Random(7)]
    const fork = one.fork()
    two.fork()
    for (let k = 0; k < 100; k++) fork.unit()
    assert.equal(one.int(0, 1e9), two.int(0, 1e9))
})

test("numbers stay within what they promise", () => {
    const r = new Random(3)
    const seen = new Set<number>()
    for (let k = 0; k < 1000; k++) {
        seen.add(r.int(-1, 2))
        const u = r.unit()
        assert.ok(u >= 0 && u < 1)
    }
    assert.deepEqual([...seen].sort(), [-1, 0, 1, 2])
    assert.ok([1, 2, 3].includes(r.pick([1, 2, 3])))
    assert.equal(r.chance(0), false)
    assert.equal(r.chance(1), true)
})

test("half of log-normal values are below the median", () => {
    const r = new Random(5)
    const below = Array.from({ length: 4000 }, () => r.logNormal(900, 0.5))
    const share = below.filter(v => v < 900).length / below.length
    assert.ok(Math.abs(share - 0.5) < 0.04, `${share}`)
    assert.ok(below.every(v => v > 0))
})
