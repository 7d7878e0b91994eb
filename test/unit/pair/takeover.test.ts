/** Heartbeat, detector and fencing of two boards, on wires that break. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import {
    PairWorld,
    usePairWorld,
    WIRES,
    type FenceFault,
    type Name,
} from "../../support/pairworld.ts"

usePairWorld()

const NAMES = ["a", "b"] as const
const partnerOf = (name: Name): Name => (name === "a" ? "b" : "a")
const lag = fc.nat(24)
const name = fc.constantFrom(...NAMES)

/** Runs some worlds, and shows the events of one that goes wrong. */
function worlds<T>(
    what: fc.Arbitrary<T>,
    numRuns: number,
    story: (world: PairWorld, what: T) => Promise<void>,
) {
    return fc.assert(
        fc.asyncProperty(lag, what, async (lagMs, what) => {
            const world = await PairWorld.start(lagMs)
            try {
                await story(world, what)
            } catch (e) {
                throw new Error(`${(e as Error).message}\n${world.events}`)
            }
        }),
        { seed: 14, numRuns },
    )
}

/** Nobody has as much as touched the other one's reset. */
function assertPeace({ boards }: PairWorld) {
    for (const name of NAMES) {
        assert.equal(boards[name].heldAt, undefined, `${name} held a fence`)
        assert.equal(boards[name].tookOverAt, undefined)
        assert(!boards[name].isDead)
    }
}

test("two boards meet and live side by side", () =>
    worlds(fc.constant(0), 5, async world => {
        await world.run(500)
        assertPeace(world)
        for (const name of NAMES) {
            assert(world.boards[name].hasMirror)
            assert.match(world.events, new RegExp(`${name}: partner alive`))
            assert.match(world.events, new RegExp(`${name}: fence whole`))
        }
    }))

for (const wire of WIRES)
    test(`with ${wire} cut, nobody fences`, () =>
        worlds(fc.nat(30), 5, async (world, wait) => {
            await world.run(wait)
            world.cut(wire)
            await world.run(600)
            assertPeace(world)
        }))

for (const how of ["without power", "hung"])
    test(`a board ${how} is taken over within 100 ms`, () =>
        worlds(
            fc.tuple(name, fc.nat(30)),
            40,
            async (world, [victim, wait]) => {
                await world.run(wait)
                const since = world.now
                const dead = world.boards[victim]
                if (how === "hung") dead.isHung = true
                else dead.hasPower = false
                await world.run(150)
                const heir = world.boards[partnerOf(victim)]
                assert(heir.tookOverAt, "nobody took over")
                assert(heir.tookOverAt - since <= 100)
                assert(dead.isDead)
                assert.equal(dead.tookOverAt, undefined)
            },
        ))

describe("a board that stands still for a while", () => {
    const still = (min: number, max: number) =>
        fc.tuple(name, fc.integer({ min, max }), fc.nat(30))

    test("of 45 ms is not even suspected", () =>
        worlds(still(1, 45), 25, async (world, [victim, ms, wait]) => {
            await world.run(wait)
            world.boards[victim].isHung = true
            await world.run(ms)
            world.boards[victim].isHung = false
            await world.run(300)
            assertPeace(world)
        }))

    test("never fences the partner that went on", () =>
        worlds(still(1, 120), 60, async (world, [victim, ms, wait]) => {
            await world.run(wait)
            world.boards[victim].isHung = true
            await world.run(ms)
            world.boards[victim].isHung = false
            await world.run(300)
            assert.equal(world.boards[victim].heldAt, undefined)
            assert(!world.boards[partnerOf(victim)].isDead)
        }))

    test("is not fenced any more when it is back: b lets it live", () =>
        worlds(fc.tuple(still(50, 58)), 25, async (world, [[, ms, wait]]) => {
            await world.run(wait)
            world.boards.a.isHung = true
            await world.run(ms)
            world.boards.a.isHung = false
            await world.run(300)
            assertPeace(world)
        }))
})

test("after any wire has broken, nobody takes over from the living", () =>
    worlds(
        fc.record({
            wire: fc.constantFrom(...WIRES),
            victim: name,
            how: fc.constantFrom("power", "hang", "stall"),
            ms: fc.integer({ min: 30, max: 100 }),
            wait: fc.nat(30),
        }),
        80,
        async (world, { wire, victim, how, ms, wait }) => {
            world.cut(wire)
            await world.run(300 + wait)
            const { boards } = world
            if (how === "power") boards[victim].hasPower = false
            else boards[victim].isHung = true
            await world.run(ms)
            if (how === "stall") boards[victim].isHung = false
            await world.run(300)
            for (const name of NAMES)
                if (boards[name].tookOverAt)
                    assert(boards[partnerOf(name)].isDead, "the partner lives")
            const heir = boards[partnerOf(victim)]
            // without the link a copy is old, and a fence must be sure to work
            const cannot = ["link", "present", `fence-${heir.name}`]
            if (cannot.includes(wire)) assertNobodyTookOver(world)
            else if (how === "power") assert(heir.tookOverAt)
        },
    ))

function assertNobodyTookOver({ boards }: PairWorld) {
    for (const name of NAMES) assert.equal(boards[name].tookOverAt, undefined)
}

test("whoever stood still, however long: no copy is taken over that is old", () => {
    const stall = fc.record({
        victim: name,
        after: fc.nat(300),
        ms: fc.oneof(
            fc.integer({ min: 30, max: 120 }),
            fc.integer({ min: 30, max: 600 }),
        ),
    })
    return worlds(
        fc.record({
            broken: fc.subarray([...WIRES.filter(w => w !== "present")]),
            stalls: fc.array(stall, { minLength: 1, maxLength: 3 }),
        }),
        80,
        async (world, { broken, stalls }) => {
            const { boards } = world
            for (const wire of broken.slice(0, 2)) world.cut(wire)
            for (const { victim, after, ms } of stalls) {
                await world.run(after)
                boards[victim].isHung = true
                await world.run(ms)
                boards[victim].isHung = false
            }
            await world.run(300)
            for (const name of NAMES) {
                const { tookOverAt, heldAt = 0 } = boards[name]
                if (tookOverAt === undefined) continue
                const { aloneAt = Infinity } = boards[partnerOf(name)]
                assert(
                    aloneAt > heldAt,
                    `alone at ${aloneAt}, held at ${heldAt}`,
                )
            }
        },
    )
})

test("however late frames are: no copy is taken over that is old", () =>
    worlds(
        fc.record({
            lateMs: fc.integer({ min: 100, max: 800 }),
            // it hears nothing any more, may go on alone, and dies
            isDeafMs: fc.integer({ min: 300, max: 1200 }),
            victim: name,
        }),
        80,
        async (world, { lateMs, isDeafMs, victim }) => {
            // by and by: a gap would be a broken link
            for (; world.lateMs < lateMs; world.lateMs++) await world.run(2)
            world.boards[victim].isDeaf = true
            await world.run(isDeafMs)
            world.boards[victim].hasPower = false
            await world.run(300)
            const { tookOverAt, heldAt = 0 } = world.boards[partnerOf(victim)]
            if (tookOverAt === undefined) return
            const { aloneAt = Infinity } = world.boards[victim]
            assert(aloneAt > heldAt, `alone at ${aloneAt}, held at ${heldAt}`)
        },
    ))

test("when all channels are cut at once, one board at most survives", () =>
    worlds(
        fc.array(fc.nat(25), { minLength: 3, maxLength: 3 }),
        60,
        async (world, waits) => {
            for (const [i, wire] of (
                ["link", "beat-a", "beat-b"] as const
            ).entries()) {
                world.cut(wire)
                await world.run(waits[i])
            }
            await world.run(300)
            const { a, b } = world.boards
            assert(!(a.tookOverAt && b.tookOverAt), "both took over")
            if (a.tookOverAt) assert(b.isDead)
            if (b.tookOverAt) assert(a.isDead)
        },
    ))

describe("what breaks in the moment of a death", () => {
    const FENCES = ["whole", "cut long ago", "cut", "stuck high", "stuck low"]
    const DEATHS = ["power", "hung, line high", "hung, line low", "stall"]
    const LINKS = ["whole", "cut"]

    type Case = { fence: string; death: string; link: string }

    /** What must follow: a takeover, or what is said in its place. */
    function expected({ fence, death, link }: Case): "takeover" | RegExp {
        if (fence === "whole" || fence === "stuck low") return "takeover"
        if (fence === "cut long ago") return /no takeover: the fence is broken/
        // nothing of a board without power can answer for its address
        if (death === "power") return "takeover"
        // three breaks in one moment look as a loss of power does
        if (link === "cut" && death !== "hung, line high") return /./
        return /no takeover: the fence does not reach the partner/
    }

    async function die(world: PairWorld, victim: Name, c: Case, ms: number) {
        const heir = partnerOf(victim)
        const dead = world.boards[victim]
        if (c.fence === "cut long ago") {
            world.breakFence(heir, "cut")
            await world.run(300)
        }
        // until its line has the level
        const level = c.death === "hung, line high" ? 1 : 0
        while (world.beatOf(victim) !== level) await world.run(1)
        if (c.fence === "cut" || c.fence.startsWith("stuck"))
            world.breakFence(heir, c.fence as FenceFault)
        if (c.link === "cut") world.cut("link")
        if (c.death === "power") dead.hasPower = false
        else dead.isHung = true
        await world.run(ms)
        if (c.death === "stall") dead.isHung = false
        await world.run(300)
    }

    for (const fence of FENCES)
        for (const death of DEATHS)
            for (const link of LINKS) {
                const c = { fence, death, link }
                const must = expected(c)
                const how = must === "takeover" ? must : "no takeover"
                if (must.toString() === "/./") continue
                test(`fence ${fence}, ${death}, link ${link}: ${how}`, () =>
                    worlds(
                        fc.tuple(
                            name,
                            fc.nat(30),
                            fc.integer({ min: 60, max: 100 }),
                        ),
                        4,
                        async (world, [victim, wait, ms]) => {
                            await world.run(wait)
                            await die(world, victim, c, ms)
                            const heir = world.boards[partnerOf(victim)]
                            const dead = world.boards[victim]
                            assert.equal(dead.tookOverAt, undefined)
                            if (heir.tookOverAt) assert(dead.isDead)
                            // b waits, and a short stall is over by then
                            if (death === "stall" && !heir.heldAt && ms < 85)
                                return
                            if (must === "takeover") {
                                assert(heir.tookOverAt, "nobody took over")
                            } else {
                                assert.equal(heir.tookOverAt, undefined)
                                assert.match(world.events, must)
                                assert(!heir.isHolding)
                            }
                        },
                    ))
            }
})
