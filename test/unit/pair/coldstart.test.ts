/** Whose copy counts when two boards meet. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const { judgeVolume, Verdict } = await import("../../../src/pair/coldstart.ts")
const { VolumeFlag } = await import("../../../src/wire/card.ts")

const { Active, Alone, Outdated } = VolumeFlag

describe("the copy that counts", () => {
    for (const [what, home, partner, verdict] of [
        ["of new cards is any", [1, 0], [1, 0], "Mirrored"],
        ["after a clean stop is any", [7, 0], [7, 0], "Mirrored"],
        ["of a home that went on alone", [8, Alone], [7, 0], "Home"],
        ["of a partner that went on alone", [7, 0], [8, Alone], "Partner"],
        ["when the home was in mid-write", [7, Active], [7, 0], "Home"],
        ["when the mirror was in mid-write", [7, 0], [7, Active], "Home"],
        ["when both were in mid-write", [7, Active], [7, Active], "Home"],
        [
            "of a partner that took over in mid-write",
            [7, Active],
            [8, Alone | Active],
            "Partner",
        ],
        [
            "of a home beside an outdated copy",
            [8, Alone],
            [7, Outdated],
            "Home",
        ],
        [
            "when the link broke while nothing moved",
            [7, 0],
            [7, Outdated],
            "Mirrored",
        ],
        [
            "when both went on alone is no one's: the home's",
            [8, Alone],
            [8, Alone],
            "Home",
        ],
    ] as const)
        test(what, () => {
            const is = judgeVolume(home[0], home[1], partner[0], partner[1])
            assert.equal(Verdict[is], verdict)
        })
})

const copy = fc.tuple(
    fc.oneof(fc.nat(3), fc.nat(0xffffffff)),
    fc.nat(Active | Alone | Outdated),
)

test("an older copy is never served, and equal ones only if surely equal", () =>
    fc.assert(
        fc.property(copy, copy, ([epoch, flags], [epoch2, flags2]) => {
            const verdict = judgeVolume(epoch, flags, epoch2, flags2)
            if (epoch > epoch2) assert.equal(verdict, Verdict.Home)
            else if (epoch < epoch2) assert.equal(verdict, Verdict.Partner)
            else {
                assert.notEqual(verdict, Verdict.Partner)
                const isSure = !((flags | flags2) & Active)
                const isOne = !(flags & flags2 & Alone)
                assert.equal(verdict === Verdict.Mirrored, isSure && isOne)
            }
        }),
        { seed: 13, numRuns: 1000 },
    ))
