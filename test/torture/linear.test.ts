/** The linearizability checker, on hand-made histories and against another. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../devs/sim/random.ts"
import { checkBlock, type BlockOp } from "../../devs/torture/linear.ts"
import { isLinearizable } from "./search.ts"

/**
 * A history drawn: a line a host, a column a ms. [w1 ] writes 1 from the column
 * of [ to that of ], [r1 ] reads it, > in the place of ] is never answered.
 */
function drawn(lines: string): BlockOp[] {
    const hosts = lines.split("\n").filter(line => line.trim())
    return hosts.flatMap((line, n) =>
        [...line.matchAll(/\[([wr])(-?\d+) *([\]>])/g)].map(m => ({
            isWrite: m[1] === "w",
            value: Number(m[2]),
            start: m.index * 1000,
            end: m[3] === ">" ? Infinity : (m.index + m[0].length - 1) * 1000,
            who: `host${n}`,
        })),
    )
}

/** Name, history, and what the block may have held before it: 0 unless said. */
type Case = [string, string, number[]?]

const GOOD: Case[] = [
    ["nothing happened", ``],
    ["what was there at the beginning", `[r0] [r0] [w1] [r1]`],
    [
        "a read while a write is under way sees the old value or the new",
        `
        [w1       ]
         [r0]
              [r1]`,
    ],
    [
        "a read that began before a write sees it, another then does too",
        `
          [w1    ]
        [r1  ]
               [r1]`,
    ],
    [
        "a long read sees what was overwritten before it ended",
        `
        [w1] [w2] [w3]
           [r1          ]
        [r0             ]
               [r2      ]`,
    ],
    [
        "overlapping writes take effect in either order: the one begun last first",
        `
        [w1        ]
           [w2 ]
                   [r1] [r1]`,
    ],
    [
        "overlapping writes take effect in either order: the one begun first first",
        `
        [w1        ]
           [w2 ]
                   [r2] [r2]`,
    ],
    [
        "three overlapping writes are seen in an order that nobody began them in",
        `
        [w1                ]
        [w2                  ]
        [w3                ]
         [r3] [r1] [r2]`,
    ],
    [
        "an unanswered write is never seen",
        `
        [w1>
             [r0] [w2] [r2]`,
    ],
    [
        "an unanswered write is seen late",
        `
        [w1>
             [r0] [w2] [r2] [r1] [r1]`,
    ],
    [
        "an unanswered write is overwritten before anybody saw it",
        `
        [w1>
             [w2] [r2] [w3] [r3]`,
    ],
    [
        "many unanswered writes happen in any order",
        `
        [w1>   [r3] [r1] [r2]
        [w2>
        [w3>`,
    ],
    ["an unanswered read saw nothing", `[w1] [r7> [r1]`],
    ["one of several values was there", `[r2] [r2] [w5] [r5]`, [1, 2, -1]],
    ["garbage was there, until it was overwritten", `[r-1] [w1] [r1]`, [-1]],
    [
        "two readers during one write: old, then new",
        `
            [w1            ]
         [r0    ]  [r1 ]
             [r1         ]`,
    ],
    [
        "what ends in the moment in which the next begins may come after it",
        `
        [w1]
          [r0]`,
    ],
    ["a write that nobody reads needs only a moment", `[w1][w2][w3][r3]`],
]

/** The last word of a case: what the explanation must tell. */
type BadCase = [string, string, RegExp, number[]?]

const BAD: BadCase[] = [
    [
        "stale read",
        `
        [w1] [w2]
                  [r1]`,
        /read of 1 by host1 at .* after 2 was written by host0/,
    ],
    [
        "lost acknowledged write",
        `
        [w1]
             [r0]`,
        /read of 0 by host1 at .* after 1 was written by host0/,
    ],
    [
        "a read while a write is under way sees it, the next does not",
        `
        [w1             ]
          [r1] [r0]`,
        /read of 0 .* after 1 was read by host1/,
    ],
    [
        "two readers of a write under way: new, then old",
        `
        [w1             ]
          [r1]
               [r0]`,
        /read of 0 by host2 .* after 1 was read by host1/,
    ],
    [
        "an overwritten write comes back",
        `
        [w1] [w2]  [r2] [r1]
                 [r2]`,
        /read of 1 .* after 2 was written/,
    ],
    [
        "an overwritten value is seen between reads of the newer one",
        `
        [w1] [w2>
                  [r2] [r1] [r2]`,
        /read of 1 by host1 .* after 2 was read by host1/,
    ],
    [
        "a read from the future",
        `
              [w1]
        [r1]`,
        /read of 1 by host1 .* before the write of 1 by host0/,
    ],
    [
        "an unanswered write is seen before it began",
        `
               [w1>
        [r1]        [r1]`,
        /read of 1 by host1 .* before the write of 1 by host0 .*never/,
    ],
    [
        "an unanswered write is seen, then gone",
        `
        [w1>
             [r1] [r0]`,
        /read of 0 .* after 1 was read/,
    ],
    [
        "an unanswered write is seen, overwritten, and comes back",
        `
        [w1>
             [r1] [w2] [r1]`,
        /read of 1 .* after 2 was written/,
    ],
    [
        "after overlapping writes one is seen, then the other",
        `
        [w1    ] [r1] [r1]
        [w2    ]           [r2]`,
        /read of [12] .*; and [12] was/,
    ],
    [
        "two readers disagree on the order of overlapping writes",
        `
        [w1             ]
        [w2             ]
          [r1 ] [r2 ]
          [r2 ] [r1 ]`,
        /read of [12] .* before the read of/,
    ],
    [
        "two readers disagree on the order of unanswered writes",
        `
        [w1>  [r1]      [r2]
        [w2>       [r2]
                            [r1]`,
        /read of 1 by host2 .* after 2 was read by host1/,
    ],
    [
        "a whole write lies between two sights of another",
        `
        [w1]     [r1]
             [w2]`,
        /read of 1 .* after 2 was written by host1/,
    ],
    ["a value that nobody wrote", `[w1] [r9]`, /read of 9 .* nobody wrote/],
    [
        "a value that was not at the beginning",
        `[r0]`,
        /nobody wrote: it began with 1 or garbage/,
        [1, -1],
    ],
    ["garbage where none may be", `[r-1]`, /read of garbage by host0/],
    [
        "two values that may have been at the beginning are both seen",
        `[r1] [r2]`,
        /either can have been there at the beginning, not both/,
        [1, 2],
    ],
    [
        "two readers see two beginnings at the same time",
        `
        [r1]
        [r2]`,
        /either can have been there at the beginning, not both/,
        [1, 2],
    ],
    [
        "the beginning comes back",
        `[r0] [w1] [r1] [r0]`,
        /read of 0 .* after 1 was written .* 0 was there at the beginning/,
    ],
    [
        "the beginning comes back between two sights of an unanswered write",
        `[w1>  [r1] [r0] [r1]`,
        /read of 0 .* after 1 was read/,
    ],
]

for (const [name, lines, initial = [0]] of GOOD)
    test(`accepts: ${name}`, () => {
        const [ops, values] = [drawn(lines), new Set(initial)]
        assert.equal(checkBlock(ops, values), undefined)
        assert.ok(isLinearizable(ops, values), "the search agrees")
    })

for (const [name, lines, why, initial = [0]] of BAD)
    test(`rejects: ${name}`, () => {
        const [ops, values] = [drawn(lines), new Set(initial)]
        const violation = checkBlock(ops, values)
        assert.match(violation?.why ?? "accepted", why)
        assert.ok(!isLinearizable(ops, values), "the search agrees")
        const shown = violation?.ops ?? []
        assert.ok(
            shown.every(op => ops.includes(op)),
            "shows real ops",
        )
    })

test("what a violation shows, and the writes of it, is enough to see it", () => {
    for (const [name, lines, , initial = [0]] of BAD) {
        const ops = drawn(lines)
        const shown = checkBlock(ops, new Set(initial))?.ops ?? []
        const seen = new Set(shown.map(op => op.value))
        const alone = ops.filter(
            op => shown.includes(op) || (op.isWrite && seen.has(op.value)),
        )
        assert.ok(!isLinearizable(alone, new Set(initial)), name)
    }
})

test("values that are not of one write each are refused", () => {
    assert.throws(() => checkBlock(drawn(`[w1] [w1]`), new Set([0])), /twice/)
    assert.throws(() => checkBlock(drawn(`[w1]`), new Set([1])), /twice/)
})

/// Random histories ///

const HORIZON = 24

/**
 * Up to 8 operations of 2 to 4 hosts, a host's one after the other. Reads
 * guess among the values there are and one that there is not.
 */
function guessed(random: Random) {
    const hosts = random.int(2, 4)
    const free = Array.from({ length: hosts }, () => random.int(0, 6))
    const ops: BlockOp[] = []
    const writes = random.int(1, 4)
    const size = random.int(2, 8)
    const unanswered = random.pick([0, 0.1, 0.4])
    for (let n = 0; n < size; n++) {
        const host = random.int(0, hosts - 1)
        const start = free[host]
        const end = start + random.int(0, HORIZON / 3)
        free[host] = end + random.int(0, 4)
        const isWrite = n < writes
        ops.push({
            isWrite,
            value: isWrite ? n + 1 : random.int(0, writes),
            start,
            end: random.chance(unanswered) ? Infinity : end,
            who: `host${host}`,
        })
    }
    if (random.chance(0.02)) ops[size - 1].value = 99
    const initial = new Set(random.chance(0.8) ? [0] : [0, -1, -2])
    for (const op of ops)
        if (!op.isWrite && op.value === 0) op.value = random.pick([...initial])
    return { ops, initial }
}

/** What a true register does: each op happens at a moment of its time. */
function simulated(random: Random, size: number) {
    const free = Array.from({ length: random.int(2, 4) }, () => 0)
    const moments: { at: number; op: BlockOp }[] = []
    for (let n = 0; n < size; n++) {
        const host = random.int(0, free.length - 1)
        const start = free[host] + random.int(1, 4)
        const end = start + random.int(0, 10)
        free[host] = end
        const isWrite = random.chance(0.5)
        const isAnswered = random.chance(0.85)
        const op: BlockOp = {
            isWrite,
            value: isWrite ? n + 1 : 0,
            start,
            end: isAnswered ? end : Infinity,
            who: `host${host}`,
        }
        const at = isAnswered
            ? start + (end - start) * random.unit()
            : start + random.int(0, 3 * HORIZON)
        moments.push({ at, op })
    }
    moments.sort((x, y) => x.at - y.at)
    let held = 0
    for (const { op } of moments) {
        if (op.isWrite) held = op.value
        else op.value = held
    }
    return { ops: moments.map(m => m.op), initial: new Set([0]) }
}

test("agrees with a search on 30,000 random histories", () => {
    let rejected = 0
    const runs = 30_000
    for (let seed = 1; seed <= runs; seed++) {
        const { ops, initial } = guessed(new Random(seed))
        const violation = checkBlock(ops, initial)
        const isGood = isLinearizable(ops, initial)
        assert.equal(!violation, isGood, `seed ${seed}: ${violation?.why}`)
        if (violation) rejected++
    }
    assert.ok(rejected > runs / 4, `${rejected} of ${runs} rejected`)
    assert.ok(rejected < (runs * 3) / 4, `${rejected} of ${runs} rejected`)
})

test("accepts what a register does, and no read of it made stale", () => {
    let stale = 0
    for (let seed = 1; seed <= 3000; seed++) {
        const random = new Random(seed)
        const { ops, initial } = simulated(random, random.int(4, 12))
        const why = checkBlock(ops, initial)?.why
        assert.equal(why, undefined, `seed ${seed}`)
        assert.ok(isLinearizable(ops, initial), `seed ${seed}: the search`)
        const values = [0, ...ops.filter(o => o.isWrite).map(o => o.value)]
        for (const read of ops.filter(o => !o.isWrite)) {
            const seen = read.value
            read.value = random.pick(values)
            const isGood = isLinearizable(ops, initial)
            const violation = checkBlock(ops, initial)
            assert.equal(!violation, isGood, `seed ${seed}: ${violation?.why}`)
            if (!isGood) stale++
            read.value = seen
        }
    }
    assert.ok(stale > 3000, `${stale} made stale`)
})
