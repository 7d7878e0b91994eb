/** Whose copy counts when two boards meet. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const { judgeVolume, Verdict } = await import("../../../src/pair/coldstart.ts")
const { VolumeFlag } = await import("../../../src/wire/card.ts")

const { Active, Alone, First, Fresh, Outdated } = VolumeFlag

/** Epoch, flags, and the last epoch of which it has everything. */
type Copy = readonly [epoch: number, flags: number, base?: number]

/** Without a base, a copy that is alone has all of the epoch before. */
const baseOf = ([epoch, , base]: Copy) => base ?? epoch - 1
const judge = (home: Copy, partner: Copy) =>
    judgeVolume(
        home[0],
        home[1],
        baseOf(home),
        partner[0],
        partner[1],
        baseOf(partner),
    )

describe("the copy that counts", () => {
    for (const [what, home, partner, verdict] of [
        ["of new cards is any", [1, 0], [1, 0], "Mirrored"],
        [
            "of two cards that were just formatted",
            [1, Fresh],
            [1, Fresh],
            "Mirrored",
        ],
        [
            "is the one that went on alone, beside a new card at home",
            [1, Fresh],
            [2, Alone | Active],
            "Partner",
        ],
        [
            "is the one that went on alone, beside a new card at the mirror",
            [2, Alone],
            [1, Fresh],
            "Home",
        ],
        [
            "is any before the first write of a new pair is acknowledged",
            [1, First | Active],
            [1, Fresh],
            "Home",
        ],
        // who has the new card may have gone on alone with its old one
        ["may be gone with a card of the home", [1, Fresh], [1, 0], "Split"],
        ["may be gone with a card of the mirror", [1, 0], [1, Fresh], "Split"],
        [
            "may be gone when the one that is left was in mid-write",
            [7, Active],
            [1, Fresh],
            "Split",
        ],
        [
            "is missing when an outdated one meets a new card",
            [1, Outdated],
            [1, Fresh],
            "Split",
        ],
        [
            "is missing when the outdated one was alone before",
            [1, Fresh],
            [7, Outdated | Alone],
            "Split",
        ],
        [
            "beside a new card that was discarded counts, old or not",
            [3, Outdated],
            [0, Outdated],
            "Home",
        ],
        [
            "is the new card's when the other one was discarded",
            [0, Outdated],
            [1, Fresh],
            "Partner",
        ],
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
            "when the mirror gave up a copy that was whole",
            [7, 0],
            [7, Outdated],
            "Home",
        ],
        [
            "when the mirror gave up its copy in mid-write",
            [7, Active],
            [7, Active | Outdated],
            "Home",
        ],
        [
            "when the home mirrored it, and gave up its copy",
            [7, Outdated],
            [7, Active],
            "Partner",
        ],
        ["when both have given it up", [7, Outdated], [7, Outdated], "Home"],
        [
            "when both went on alone is no one's",
            [8, Alone],
            [8, Alone],
            "Split",
        ],
        [
            "when one of both went on alone twice is no one's",
            [8, Alone, 7],
            [9, Alone, 7],
            "Split",
        ],
        [
            "when nobody knows of what it has everything is no one's",
            [8, Alone, 0],
            [9, Alone, 0],
            "Split",
        ],
        [
            "of a partner that was caught up by the home before it died",
            [8, Alone, 7],
            [9, Alone, 8],
            "Partner",
        ],
        [
            "of a home that was caught up by the partner before it died",
            [9, Alone | Active, 8],
            [8, Alone, 7],
            "Home",
        ],
        [
            "beside one that was discarded",
            [0, Outdated],
            [8, Alone | Active],
            "Partner",
        ],
    ] as const)
        test(what, () => assert.equal(Verdict[judge(home, partner)], verdict))
})

const epoch = fc.oneof(fc.nat(3), fc.nat(0xffffffff))
const copy = fc.tuple(epoch, fc.nat(Active | Alone | Outdated), epoch)

test("an older copy is never served, and equal ones only if surely equal", () =>
    fc.assert(
        fc.property(copy, copy, (home, partner) => {
            const verdict = judge(home, partner)
            const [epoch, flags, base] = home
            const [epoch2, flags2, base2] = partner
            const areAlone = (flags & flags2 & Alone) !== 0
            const lacksOther = base < epoch2 && base2 < epoch
            if (areAlone && (lacksOther || epoch === epoch2))
                assert.equal(verdict, Verdict.Split)
            else if (epoch > epoch2) assert.equal(verdict, Verdict.Home)
            else if (epoch < epoch2) assert.equal(verdict, Verdict.Partner)
            else {
                const isOld = (flags & ~flags2 & Outdated) !== 0
                assert.equal(verdict === Verdict.Partner, isOld)
                const isSure = !((flags | flags2) & (Active | Outdated))
                assert.equal(verdict === Verdict.Mirrored, isSure)
            }
        }),
        { seed: 13, numRuns: 1000 },
    ))

/**
 * The life of one volume until both boards lose power, step by step: what each
 * step leaves on the cards, and which data. Every end of it is tried.
 */
describe("whenever both lose power, nothing old is served", () => {
    /** Epoch, flags and version of the data at the home and at the mirror. */
    type Cards = { home: [number, number, number]; mirror: Cards["home"] }
    /** What is changed, and the version that hosts know of from then on. */
    type Change = { what: string; acked: number } & Partial<Cards>

    const alone = Alone | Active
    const whole: Cards = { home: [7, 0, 1], mirror: [7, 0, 1] }
    const stories: Record<string, Change[]> = {
        "link lost at rest, the home goes on": [
            {
                what: "mirror gives up its copy",
                mirror: [7, Outdated, 1],
                acked: 1,
            },
            { what: "home is alone", home: [8, Alone, 1], acked: 1 },
            { what: "home is written to", home: [8, alone, 2], acked: 2 },
        ],
        "link lost in mid-write, the home goes on": [
            { what: "home is marked", home: [7, Active, 1], acked: 1 },
            { what: "mirror is marked", mirror: [7, Active, 1], acked: 1 },
            { what: "mirror has it", mirror: [7, Active, 2], acked: 1 },
            { what: "home has it", home: [7, Active, 2], acked: 2 },
            {
                what: "mirror gives up",
                mirror: [7, Active | Outdated, 2],
                acked: 2,
            },
            { what: "home is alone", home: [8, alone, 2], acked: 2 },
            { what: "home is written to", home: [8, alone, 3], acked: 3 },
        ],
        "link lost, the home is alone before the mirror's card is marked": [
            { what: "home is alone", home: [8, Alone, 1], acked: 1 },
            { what: "home is written to", home: [8, alone, 2], acked: 2 },
            { what: "mirror gives up", mirror: [7, Outdated, 1], acked: 2 },
        ],
        "the home dies, the mirror takes over": [
            {
                what: "both are marked",
                home: [7, Active, 1],
                mirror: [7, Active, 1],
                acked: 1,
            },
            { what: "home has it", home: [7, Active, 2], acked: 1 },
            { what: "mirror is alone", mirror: [8, alone, 2], acked: 2 },
            { what: "mirror is written to", mirror: [8, alone, 3], acked: 3 },
        ],
        "the mirror dies, the home goes on": [
            {
                what: "both are marked",
                home: [7, Active, 1],
                mirror: [7, Active, 1],
                acked: 1,
            },
            { what: "home is alone", home: [8, alone, 1], acked: 1 },
            { what: "home is written to", home: [8, alone, 2], acked: 2 },
        ],
    }

    for (const [story, steps] of Object.entries(stories))
        test(story, () => {
            let cards = whole
            for (const step of steps) {
                cards = { ...cards, ...step }
                const [home, mirror] = [cards.home, cards.mirror]
                const is = judge([home[0], home[1]], [mirror[0], mirror[1]])
                const served = is === Verdict.Partner ? mirror[2] : home[2]
                const at = `${step.what}: ${Verdict[is]}`
                assert(served >= step.acked, at)
                if (is === Verdict.Mirrored)
                    assert.equal(home[2], mirror[2], `${at}, not equal`)
            }
        })
})
