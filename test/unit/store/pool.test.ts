import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const p = await import("../../../src/store/pool.ts")
const { GROUP, giveRun, makeArea, takeRun } = p

/** Takes runs until one is not there. @returns their first blocks */
const take = (area: ReturnType<typeof makeArea>, ...counts: number[]) =>
    counts.map(count => takeRun(area, count))

describe("a run", () => {
    test("of a whole group is taken from the first that is free", () =>
        assert.deepEqual(take(makeArea(3), 8, 8, 8, 8), [0, 8, 16, -1]))
    test("lies within one group", () =>
        assert.deepEqual(
            take(makeArea(2), 5, 5, 4, 3, 3, 1),
            [0, 8, -1, 5, 13, -1],
        ))
    test("goes to a group that is in use, if one has room", () =>
        assert.deepEqual(take(makeArea(3), 8, 3, 3, 2, 8), [0, 8, 11, 14, 16]))
    test("leaves whole groups whole, though they come first", () => {
        const area = makeArea(2)
        take(area, 8, 3)
        giveRun(area, 0, 8)
        assert.deepEqual(take(area, 3, 8), [11, 0])
    })
    test("fills a gap between two others", () => {
        const area = makeArea(1)
        take(area, 2, 2, 2, 2)
        giveRun(area, 2, 2)
        assert.deepEqual(take(area, 3, 2, 1), [-1, 2, -1])
    })
    test("must be in one piece", () => {
        const area = makeArea(1)
        take(area, 1, 1, 1, 1, 1, 1, 1, 1)
        for (const block of [0, 2, 4, 6]) giveRun(area, block, 1)
        assert.equal(area.freeBlocks, 4)
        assert.equal(takeRun(area, 2), -1)
        giveRun(area, 3, 1)
        assert.equal(takeRun(area, 3), 2)
    })
    test("that is not there changes nothing", () => {
        const area = makeArea(1)
        take(area, 4)
        const before = area.free.toString("hex")
        assert.equal(takeRun(area, 5), -1)
        assert.equal(area.free.toString("hex"), before)
        assert.equal(area.freeBlocks, 4)
    })
})

test("runs never overlap, and are refused only when there is no room", () => {
    const count = fc.integer({ min: 1, max: GROUP })
    const action = fc.oneof(
        fc.record({ take: count }),
        fc.record({ give: fc.nat(40) }),
    )
    const actions = fc.array(action, { maxLength: 200 })
    const groups = fc.integer({ min: 1, max: 3 })
    fc.assert(
        fc.property(groups, actions, (groups, actions) => {
            const area = makeArea(groups)
            const used = new Array<boolean>(groups * GROUP).fill(false)
            const runs: [first: number, count: number][] = []
            const mark = (first: number, count: number, on: boolean) => {
                for (let i = first; i < first + count; i++) {
                    assert.equal(used[i], !on, `block ${i}`)
                    used[i] = on
                }
            }
            /** Whether a group has so many free neighbours. */
            const hasRoom = (count: number) =>
                used.some((_, first) => {
                    if ((first % GROUP) + count > GROUP) return false
                    return !used.slice(first, first + count).includes(true)
                })
            for (const a of actions) {
                if ("take" in a) {
                    const isThere = hasRoom(a.take)
                    const first = takeRun(area, a.take)
                    assert.equal(first >= 0, isThere)
                    if (first < 0) continue
                    assert((first % GROUP) + a.take <= GROUP)
                    mark(first, a.take, true)
                    runs.push([first, a.take])
                } else if (runs.length) {
                    const i = a.give % runs.length
                    const [[first, count]] = runs.splice(i, 1)
                    giveRun(area, first, count)
                    mark(first, count, false)
                }
                const free = used.filter(isUsed => !isUsed).length
                assert.equal(area.freeBlocks, free)
            }
        }),
        { seed: 7, numRuns: 200 },
    )
})

test("the pool has a place for each block of both areas", () => {
    assert.equal(p.own.freeBlocks, p.OWN_BLOCKS)
    assert.equal(p.remote.freeBlocks, p.MIRROR_BLOCKS)
    assert.equal(p.MIRROR_FIRST, p.OWN_BLOCKS)
    assert.equal(p.pool.length, (p.OWN_BLOCKS + p.MIRROR_BLOCKS) * 512)
})
