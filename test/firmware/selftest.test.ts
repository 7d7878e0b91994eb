/**
 * The hardware self-test on two simulated boards: what is whole passes, and
 * what is broken is named, and nothing else.
 */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { BOARD_NAMES, picoSpeed } from "../../devs/bench/pair.ts"
import { Desk } from "../../devs/selftest/desk.ts"
import { WIRING_FAULTS } from "../../devs/selftest/index.ts"
import { takeCheck } from "../../devs/selftest/lines.ts"
import { mistakes } from "../../devs/selftest/verdict.ts"
import { SELFTEST } from "../../devs/vm/program.ts"
import { LoneBoard } from "../models/support/board.ts"

/** All checks of a board, in their order. */
const CHECKS = [
    "settings",
    "spi-bus",
    ...["home-spi", "partner-spi", "link-spi", "chips-apart"],
    ...["home-int", "partner-int", "link-int"],
    ...["card", "card-read"],
    ...["home-speed", "partner-speed", "link-speed", "card-speed"],
    ...["home-lan", "partner-lan"],
    ...["pins-free", "present", "beat-in", "beat-out"],
    ...["fence-out", "fence-in"],
    ...["home-reset", "partner-reset", "link-reset"],
    ...["beat-timing", "link-cable", "link-data"],
]

test("whole boards pass all checks, each after a reset by its partner", () => {
    const starts: string[] = []
    const desk = new Desk({
        onLine: (_, board, text) => {
            if (text === "selftest starts") starts.push(board)
        },
    })
    const found = desk.run()
    for (const board of BOARD_NAMES) {
        const { checks, end } = found[board]
        assert.deepEqual(
            checks.map(c => c.name),
            CHECKS,
        )
        assert.equal(end, "selftest passed")
    }
    assert.deepEqual(starts, ["a", "b", "b", "a"])
})

test("at a Pico's speed whole boards pass, too", () => {
    const found = new Desk({ speed: picoSpeed() }).run()
    assert.deepEqual(mistakes(undefined, "a", found), [])
})

test("any of both may be started first, or with the cable in", () => {
    for (const first of BOARD_NAMES)
        for (const isPlugged of [false, true]) {
            const desk = new Desk({ first, isPlugged })
            assert.deepEqual(mistakes(undefined, "a", desk.run()), [], first)
        }
})

test("a partner that comes late is waited for, and all is done again", () => {
    const ends: string[] = []
    const desk = new Desk({
        first: "a",
        lateUs: 40e6,
        onLine: (_, board, text) => {
            if (/^selftest (failed|passed)/.test(text))
                ends.push(`${board}: ${text}`)
        },
    })
    assert.deepEqual(mistakes(undefined, "a", desk.run()), [])
    assert.match(ends[0], /^a: selftest failed: \d+ of \d+$/)
    assert.deepEqual(
        ends.slice(1).sort(),
        BOARD_NAMES.map(n => `${n}: selftest passed`),
    )
})

test("a board that does not know who it is says what to do", () => {
    const lone = new LoneBoard(SELFTEST)
    lone.until(/selftest failed/)
    const lines = lone.lines.map(l => l.replace(/^> \?: /, ""))
    assert.ok(lines.some(l => /tw.board is missing: .*npm run setup/.test(l)))
    const failed = lines.map(takeCheck).filter(c => c?.outcome === "fail")
    assert.deepEqual(
        failed.map(c => c?.name),
        ["settings", "spi-bus"],
    )
})

for (const board of BOARD_NAMES)
    describe(`a fault of board ${board}'s is named, and nothing else`, () => {
        for (const fault of WIRING_FAULTS.values())
            test(`${fault.name}: ${fault.about}`, () => {
                const found = new Desk({ fault, board }).run()
                assert.deepEqual(mistakes(fault, board, found), [])
            })
    })

test("faults are many, each has a name of its own and checks that name it", () => {
    assert.ok(WIRING_FAULTS.size > 60)
    for (const { name, own, partner } of WIRING_FAULTS.values()) {
        const named = Object.keys({ ...own, ...partner })
        assert.ok(named.length > 0, name)
        for (const check of named) assert.ok(CHECKS.includes(check), check)
    }
})
