/** The heartbeat line as a telegraph, and whose turn a fence is. */
import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const { hear, isHeard, isResult, makeEar, mayPull, SILENT_MS, Word, wordMs } =
    await import("../../../src/selftest/beat.ts")

const WORDS = Object.values(Word).filter(w => typeof w === "number")
const anyWord = fc.constantFrom(...WORDS)
/** Between samples; an ESP32's sleeps are of whole 10 ms. */
const TICKS_MS = [5, 10]

/** A line that says words, sampled. */
class Line {
    readonly ear = makeEar()
    private now = 1000
    private sampledAt = this.now

    constructor(private readonly tickMs: number) {}

    /** Says it so many times. @param rate of the sender's clock */
    say(high: number, low: number, beats: number, rate = 1) {
        for (let k = 0; k < beats; k++) {
            this.stay(1, wordMs(high) / rate)
            this.stay(0, wordMs(low) / rate)
        }
        return this
    }

    stay(level: number, ms: number) {
        const end = this.now + ms
        for (; this.sampledAt < end; this.sampledAt += this.tickMs)
            hear(this.ear, this.sampledAt, level)
        this.now = end
        return this
    }
}

test("whatever is said is understood after four beats", () => {
    fc.assert(
        fc.property(
            fc.constantFrom(...TICKS_MS),
            anyWord,
            anyWord,
            (tick, high, low) => {
                const { ear } = new Line(tick).say(high, low, 4)
                assert.ok(isHeard(ear))
                assert.deepEqual(ear.words, [low, high])
            },
        ),
    )
})

test("a new word is not taken for another one on its way", () => {
    fc.assert(
        fc.property(anyWord, anyWord, anyWord, (before, after, low) => {
            const line = new Line(5).say(before, low, 4)
            for (let beat = 0; beat < 4; beat++) {
                line.say(after, low, 1)
                if (!isHeard(line.ear)) continue
                assert.ok([before, after].includes(line.ear.words[1]))
            }
            assert.equal(line.ear.words[1], after)
        }),
    )
})

test("silence is forgotten, and noise is no word", () => {
    const { ear } = new Line(5).say(Word.Ready, Word.None, 4)
    const silent = new Line(5).say(Word.Ready, Word.None, 4)
    silent.stay(0, SILENT_MS + 100)
    assert.deepEqual([isHeard(ear), isHeard(silent.ear)], [true, false])
    const noise = new Line(5)
    for (let k = 0; k < 20; k++) noise.stay(1, 10).stay(0, 10)
    assert.equal(isHeard(noise.ear), false)
})

test("beats are measured while words stay, to half a percent", () => {
    for (const rate of [1, 1.04, 0.96]) {
        const { ear } = new Line(5).say(Word.Works, Word.Works, 12, rate)
        assert.ok(ear.beats >= 8)
        const off = ear.ms / ear.nominalMs - 1 / rate
        assert.ok(Math.abs(off) < 0.005, `${off}`)
    }
})

test("a goes first, b when a has a result, and nobody twice or unready", () => {
    const heard = (high: number, low: number) =>
        new Line(5).say(high, low, 4).ear
    for (const index of [0, 1])
        for (const own of WORDS)
            for (const high of WORDS)
                for (const low of WORDS) {
                    const isTurn =
                        own === Word.Ready &&
                        low === Word.None &&
                        (isResult(high) || (index === 0 && high === Word.Ready))
                    const pulls = mayPull(index, own, heard(high, low))
                    assert.equal(pulls, isTurn, `${index} ${own} ${high}`)
                }
    assert.equal(mayPull(0, Word.Ready, makeEar()), false)
})
