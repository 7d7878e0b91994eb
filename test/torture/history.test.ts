/** What a history of hosts, restarts and takeovers may show. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { Random } from "../../devs/sim/random.ts"
import { History } from "../../devs/torture/history.ts"
import { lived, type Flaw } from "./disk.ts"

const MS = 1000
const LBA = 7
const [VOLUME, OTHER] = [0, 1]

/**
 * A history in words, one every 2 ms and 1 ms long; words joined by | are at
 * the same time:
 * w1 writes 1, f1 with FUA, w1> unanswered, r1 reads 1, sync is SYNCHRONIZE
 * CACHE, boot and takeover begin a serving, alone ends its mirroring, resync and
 * mirrored bring it back; othersync and otherboot are the other volume's. A boot
 * stands before the first word.
 */
function told(words: string) {
    const history = new History()
    const { ops, syncs, servings } = history
    const serve = (how: "boot" | "takeover", from: number, volume = VOLUME) => {
        const board = how === "boot" ? "a" : "b"
        const [to, aloneFrom, resyncFrom] = [Infinity, Infinity, Infinity]
        servings.push({ board, volume, from, to, how, aloneFrom, resyncFrom })
    }
    const tell = (word: string, host: string, start: number) => {
        if (word === "boot" || word === "takeover") return serve(word, start)
        if (word === "otherboot") return serve("boot", start, OTHER)
        const serving = servings.at(-1)!
        if (word === "alone") return (serving.aloneFrom = start)
        if (word === "resync") return (serving.resyncFrom = start)
        if (word === "mirrored") return (serving.aloneTo = start)
        const end = word.endsWith(">") ? Infinity : start + MS
        const at = { host, start, end }
        if (word === "sync") return syncs.push({ ...at, volume: VOLUME })
        if (word === "othersync") return syncs.push({ ...at, volume: OTHER })
        const kind = word[0] === "r" ? "read" : "write"
        const isForced = word[0] === "f"
        const values = [parseInt(word.slice(1))]
        ops.push({ ...at, volume: VOLUME, kind, lba: LBA, values, isForced })
    }
    tell("boot", "", 0)
    words.split(/ +/).forEach((step, n) => {
        const start = (n + 1) * 2 * MS
        step.split("|").forEach((word, i) => tell(word, `host${i + 1}`, start))
    })
    return history
}

const GOOD: [string, string][] = [
    ["a block begins blank", "r0 w1 r1"],
    ["a takeover keeps what was acknowledged", "w1 takeover r1 w2 takeover r2"],
    ["a takeover may keep what was not answered", "w1 w2> takeover r2 r2"],
    ["a takeover may drop what was not answered", "w1 w2> takeover r1 r1"],
    ["after a takeover a write still may happen", "w1 w2> takeover r1 r2"],
    ["a restart may keep what was not forced", "w1 boot r1"],
    ["a restart may drop what was not forced", "w1 boot r0"],
    ["a restart may drop the last of two", "w1 w2 boot r1 r1"],
    ["a restart may drop what follows a forced write", "f1 w2 boot r1"],
    ["a restart may keep what follows a forced write", "f1 w2 boot r2"],
    ["a restart may keep what was not answered", "f1 w2> boot r2"],
    ["an unanswered FUA is not forced", "f1> boot r0"],
    ["a write beside a forced one may be the later", "f1|w2 boot r2"],
    ["of two forced writes side by side either stays", "f1|f2 boot r1"],
    ["a write during a sync is not forced", "w1|sync boot r0"],
    ["a sync before a write does not force it", "sync w1 boot r0"],
    ["the other volume's sync forces nothing", "w1 othersync boot r0"],
    ["a sync after the restart forces nothing before", "w1 boot sync r0"],
    ["before it is alone a board may lose", "w1 alone boot r0"],
    [
        "a board that was alone may be mirrored again",
        "alone takeover w1 boot r0",
    ],
    ["and may lose what it writes then", "alone resync mirrored w1 boot r0"],
    [
        "what a board copies may be in the memory of who takes over",
        "alone resync w1 takeover boot r0",
    ],
    ["a write cut short by a restart may be torn", "w1> boot r-1 w2 r2"],
    ["a write not yet on the card may be torn", "f1 w2 boot r-1 r-1"],
    ["a torn block may stay so over another restart", "w1 boot boot r-1"],
    ["a block may stay undecided over restarts", "w1 w2 boot boot boot r1"],
    ["over a restart and a takeover", "f1 w2 boot takeover r1 takeover r1"],
    ["an unanswered write, never to be seen", "w1> boot r0 boot r0 w2 r2"],
]

const BAD: [string, string, RegExp][] = [
    [
        "within a segment a block must be linearizable",
        "w1 w2 r1",
        /^volume a block 7: read of 1 by host1 at 6.000 ms .* after 2 was/,
    ],
    [
        "a takeover may not lose what was acknowledged",
        "w1 takeover r0",
        /block 7: read of 0 .* after 1 was written by host1 at 2.000 ms/,
    ],
    [
        "nor a second takeover",
        "w1 takeover r1 takeover r0",
        /read of 0 .* after 1 was/,
    ],
    [
        "nor a takeover after a restart",
        "w1 boot w2 takeover r1",
        /since its restart at 4.000 ms: read of 1 .* after 2 was/,
    ],
    [
        "the other volume's restart is none of this one",
        "w1 otherboot r0",
        /block 7: read of 0 .* after 1 was written/,
    ],
    [
        "what a takeover showed stays",
        "w1 w2> takeover r2 r1",
        /read of 1 .* after 2 was read/,
    ],
    [
        "a restart may not drop FUA",
        "f1 boot r0",
        /since its restart at 4.000 ms: read of 0 .* nobody wrote: it began with 1$/,
    ],
    [
        "a restart may not drop FUA for what was before",
        "w1 f2 boot r1",
        /read of 1 .* it began with 2$/,
    ],
    [
        "nor what a takeover took over",
        "f1 takeover w2 boot r0",
        /read of 0 .* it began with 1 or 2 or garbage$/,
    ],
    ["a restart may not drop what was synchronised", "w1 sync boot r0", /1$/],
    ["nor what was by the last of two syncs", "sync w1 sync boot r0", /1$/],
    [
        "a sync after a takeover forces what was before it",
        "w1 takeover sync boot r0",
        /it began with 1$/,
    ],
    [
        "a restart may not drop what a lone board acknowledged",
        "alone w1 boot r0",
        /it began with 1$/,
    ],
    [
        "nor if it was mirrored again later",
        "alone w1 takeover w2 boot r0",
        /it began with 1 or 2 or garbage$/,
    ],
    [
        "nor what it did not have to copy any more",
        "alone w1 resync takeover boot r0",
        /it began with 1$/,
    ],
    [
        "nor what it was copying when nobody took over",
        "alone resync w1 boot r0",
        /it began with 1$/,
    ],
    [
        "nor what it wrote before it was mirrored again",
        "alone resync w1 mirrored boot r0",
        /it began with 1$/,
    ],
    [
        "nor what the board acknowledged that took over and was alone",
        "w1 takeover alone w2 boot r1",
        /it began with 2$/,
    ],
    ["a forced block is not torn", "f1 boot r-1", /read of garbage .* 1$/],
    ["a synchronised block is not torn", "w1 sync boot r-1", /with 1$/],
    ["a lone board's block is not torn", "alone w1 boot r-1", /with 1$/],
    ["a block nobody wrote is not torn", "boot r-1", /it began with 0$/],
    [
        "what a forced write came after is not torn",
        "w1 f2 boot r-1",
        /it began with 2$/,
    ],
    [
        "of two forced writes side by side none is torn",
        "f1|f2 boot r-1",
        /it began with 1 or 2$/,
    ],
    ["without a restart nothing is torn", "w1> takeover r-1", /with 0$/],
    [
        "torn data does not come back after a forced write",
        "w1 boot r-1 f2 boot r-1",
        /since its restart at 10.000 ms: .* it began with 2$/,
    ],
    [
        "the values of a restart are one only",
        "w1 w2 boot r1 r2",
        /either can have been there at the beginning, not both/,
    ],
    [
        "an unanswered write does not happen after the restart",
        "w1> boot r0 r1",
        /either can have been there at the beginning, not both/,
    ],
    [
        "an unanswered write does not happen two segments later",
        "w1> boot f2 boot r1",
        /it began with 2$/,
    ],
    [
        "an unanswered write that was seen does not survive a forced one",
        "w1> r1 f2 boot r1",
        /it began with 2$/,
    ],
    [
        "what was dropped does not come back after another restart",
        "w1 boot r0 f2 boot w3 boot r1",
        /it began with 2 or 3 or garbage$/,
    ],
]

for (const [name, words] of GOOD)
    test(`accepts: ${name} (${words})`, () => {
        assert.deepEqual(told(words).check(), [])
    })

for (const [name, words, why] of BAD)
    test(`rejects: ${name} (${words})`, () => {
        const [violation, ...more] = told(words).check()
        assert.match(violation?.why ?? "accepted", why)
        assert.deepEqual(more, [])
    })

test("it is all the same in which order things are told", () => {
    for (const [name, words] of [...GOOD, ...BAD]) {
        const history = told(words)
        const why = history.check().map(v => v.why)
        for (const list of [history.ops, history.syncs, history.servings])
            list.reverse()
        const again = history.check().map(v => v.why)
        assert.equal(again.length, why.length, name)
    }
})

test("a violation after a restart shows the writes that had to stay", () => {
    const [violation] = told("w1 f2 boot r1").check()
    assert.deepEqual(
        violation.ops.map(op => [op.isWrite, op.value, op.start]),
        [
            [true, 1, 2 * MS],
            [true, 2, 4 * MS],
            [false, 1, 8 * MS],
        ],
    )
})

test("an operation over a restart is of the segment that answered it", () => {
    const history = told("f1 w2> boot r1 r2")
    assert.equal(history.check().length, 1)
    const write = history.ops[1]
    write.end = 10.5 * MS
    assert.deepEqual(history.check(), [], "it happens between the reads")
    history.ops[2].values = [2]
    assert.deepEqual(history.check(), [], "or as soon as the board serves")
    history.ops[2].end = 5.9 * MS
    history.ops[2].start = 5 * MS
    assert.match(history.check()[0].why, /nobody wrote/, "but not before")
})

test("each block of a command is checked, and each volume", () => {
    const history = told("f1")
    const at = { host: "host1", volume: OTHER, lba: 30, isForced: false }
    const [write, read] = ["write" as const, "read" as const]
    const values = [5, 6, 7]
    history.ops.push(
        { ...at, kind: write, values, start: 10, end: 20 },
        { ...at, kind: read, values: [5, 0, 7], start: 30, end: 40 },
        { ...at, kind: read, values: [5, 6, 6], start: 50, end: 60 },
    )
    assert.deepEqual(
        history.check().map(v => v.why.split(":")[0]),
        ["volume b block 31", "volume b block 32"],
    )
    history.taint(OTHER, 31)
    history.taint(VOLUME, 32)
    assert.deepEqual(
        history.check().map(v => v.why.split(":")[0]),
        ["volume b block 32"],
    )
})

test("tainted blocks are left out and counted", () => {
    const history = told("w1 w2 r1 r2> w3>")
    assert.equal(history.operations, 4, "not the read without an answer")
    history.taint(VOLUME, LBA)
    history.taint(VOLUME, LBA)
    history.taint(VOLUME, LBA + 1)
    assert.deepEqual(history.check(), [])
    assert.equal(history.tainted, 2)
    assert.equal(history.operations, 0)
})

/// Random histories ///

test("accepts what a disk does that keeps its promises", () => {
    for (let seed = 1; seed <= 3000; seed++) {
        const [violation] = lived(new Random(seed)).check()
        assert.equal(violation?.why, undefined, `seed ${seed}`)
    }
})

const FLAWS: [Flaw, string][] = [
    ["FUA", "does not force with FUA"],
    ["sync", "does not force with SYNCHRONIZE CACHE"],
    ["alone", "acknowledges alone what is not on the card"],
    ["takeover", "loses in a takeover what a restart may lose"],
    ["tearing", "tears what it does not write"],
    ["undead", "shows after a restart what was overwritten for good"],
]

for (const [flaw, name] of FLAWS)
    test(`catches a disk that ${name}`, () => {
        let caught = 0
        for (let seed = 1; seed <= 1000; seed++)
            caught += lived(new Random(seed), flaw).check().length
        assert.ok(caught > 10, `in ${caught} of 1000 seeds`)
    })
