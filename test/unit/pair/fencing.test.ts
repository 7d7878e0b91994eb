/** From suspicion to a partner that is surely dead. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const { Act, Fencing, makeFence, stepFence, Why } =
    await import("../../../src/pair/fencing.ts")
const { Carrier, Partner } = await import("../../../src/pair/detector.ts")

interface Step {
    at: number
    partner?: keyof typeof Partner
    /** the partner's heartbeat line */
    beat?: number
    isWhole?: boolean
    isPresent?: boolean
    /** of the link, while the fence is held */
    carrier?: keyof typeof Carrier
    /** what the caller must do */
    act: keyof typeof Act
    state: keyof typeof Fencing
}

/**
 * Follows a story and says where it goes another way.
 * @param why what is reported at its end
 */
function follow(index: number, story: Step[], why = Why.None) {
    const f = makeFence(index)
    for (const step of story) {
        const { at, beat = 0, isWhole = true, isPresent = true } = step
        const partner = Partner[step.partner ?? "Suspect"]
        const carrier = Carrier[step.carrier ?? "Gone"]
        const act = stepFence(f, at, partner, beat, isWhole, isPresent, carrier)
        assert.equal(Act[act], step.act, `act at ${at} ms`)
        assert.equal(Fencing[f.state], step.state, `state at ${at} ms`)
    }
    assert.equal(Why[f.why], Why[why])
}

const A = 0
const B = 1

describe("board a", () => {
    test("does nothing while the partner lives", () => {
        for (const partner of [
            "Unknown",
            "Alive",
            "BeatLost",
            "LinkLost",
        ] as const)
            follow(A, [{ at: 0, partner, act: "None", state: "Watching" }])
    })
    test("fences a suspect at once, and takes over when it is quiet", () =>
        follow(A, [
            { at: 100, beat: 1, act: "Hold", state: "Holding" },
            { at: 104, beat: 0, act: "None", state: "Holding" },
            { at: 105, beat: 0, act: "TakeOver", state: "Fenced" },
            { at: 110, act: "None", state: "Fenced" },
        ]))
    test("waits for a heartbeat line that falls slowly", () =>
        follow(A, [
            { at: 100, act: "Hold", state: "Holding" },
            { at: 140, beat: 1, act: "None", state: "Holding" },
            { at: 159, beat: 0, act: "TakeOver", state: "Fenced" },
        ]))
    test("waits for a carrier that goes slowly", () =>
        follow(A, [
            { at: 100, act: "Hold", state: "Holding" },
            { at: 105, carrier: "There", act: "None", state: "Holding" },
            { at: 159, carrier: "There", act: "None", state: "Holding" },
            { at: 159, act: "TakeOver", state: "Fenced" },
        ]))
    test("gives up when the heartbeat line stays high", () =>
        follow(
            A,
            [
                { at: 100, beat: 1, act: "Hold", state: "Holding" },
                { at: 159, beat: 1, act: "None", state: "Holding" },
                { at: 160, beat: 1, act: "Release", state: "Refused" },
                { at: 999, beat: 0, act: "None", state: "Refused" },
            ],
            Why.FenceFailed,
        ))
    test("gives up when the partner's link chip stays awake", () =>
        follow(
            A,
            [
                { at: 100, act: "Hold", state: "Holding" },
                { at: 159, carrier: "There", act: "None", state: "Holding" },
                { at: 160, carrier: "There", act: "Release", state: "Refused" },
                { at: 999, act: "None", state: "Refused" },
            ],
            Why.FenceFailed,
        ))
})

describe("board b", () => {
    test("lets a fence first", () =>
        follow(B, [
            { at: 100, act: "None", state: "Waiting" },
            { at: 119, act: "None", state: "Waiting" },
            { at: 120, beat: 1, act: "Hold", state: "Holding" },
            { at: 125, act: "TakeOver", state: "Fenced" },
        ]))
    test("fences nobody who comes back meanwhile", () =>
        follow(B, [
            { at: 100, act: "None", state: "Waiting" },
            { at: 115, partner: "Alive", act: "None", state: "Watching" },
            { at: 130, act: "None", state: "Waiting" },
            { at: 149, act: "None", state: "Waiting" },
            { at: 150, act: "Hold", state: "Holding" },
        ]))
})

for (const [what, cable, why] of [
    ["whose cable is out", { isPresent: false }, Why.CableOut],
    ["whose fence is broken", { isWhole: false }, Why.FenceBroken],
    ["with neither", { isPresent: false, isWhole: false }, Why.CableOut],
] as const)
    describe(`a partner ${what}`, () => {
        test("is not fenced by a", () =>
            follow(
                A,
                [
                    { at: 100, ...cable, act: "Report", state: "Refused" },
                    { at: 200, ...cable, act: "None", state: "Refused" },
                ],
                why,
            ))
        test("is not fenced by b", () =>
            follow(
                B,
                [
                    { at: 100, ...cable, act: "None", state: "Waiting" },
                    { at: 120, ...cable, act: "Report", state: "Refused" },
                ],
                why,
            ))
        test("is not fenced later either, unless it was back", () =>
            follow(
                A,
                [
                    { at: 100, ...cable, act: "Report", state: "Refused" },
                    { at: 300, act: "None", state: "Refused" },
                    {
                        at: 400,
                        partner: "Alive",
                        act: "None",
                        state: "Watching",
                    },
                    { at: 500, act: "Hold", state: "Holding" },
                ],
                why,
            ))
    })

test("a carrier that nobody has looked at yet is waited for", () =>
    follow(
        A,
        [
            { at: 100, act: "Hold", state: "Holding" },
            { at: 160, carrier: "Unknown", act: "None", state: "Holding" },
            { at: 599, carrier: "Unknown", act: "None", state: "Holding" },
            { at: 600, carrier: "Unknown", act: "Release", state: "Refused" },
        ],
        Why.FenceFailed,
    ))

test("nobody takes over who has not held the fence and seen line and carrier low", () => {
    const step = fc.record({
        after: fc.nat(15),
        partner: fc.constantFrom(
            ...[Partner.Unknown, Partner.Alive, Partner.BeatLost],
            ...[Partner.LinkLost, Partner.Suspect, Partner.Suspect],
        ),
        beat: fc.nat(1),
        isWhole: fc.boolean(),
        isPresent: fc.boolean(),
        carrier: fc.constantFrom(
            ...[Carrier.Unknown, Carrier.There, Carrier.Gone, Carrier.Gone],
        ),
    })
    let takeovers = 0
    fc.assert(
        fc.property(fc.nat(1), fc.array(step), (index, steps) => {
            const f = makeFence(index)
            let now = 0
            let heldSince: number | undefined
            for (const s of steps) {
                now += s.after
                const act = stepFence(
                    f,
                    now,
                    s.partner,
                    s.beat,
                    s.isWhole,
                    s.isPresent,
                    s.carrier,
                )
                if (act === Act.Hold) {
                    assert.equal(s.partner, Partner.Suspect)
                    assert(s.isWhole && s.isPresent)
                    assert.equal(heldSince, undefined)
                    heldSince = now
                } else if (act === Act.TakeOver) {
                    takeovers++
                    assert(heldSince !== undefined && now - heldSince >= 5)
                    assert(s.beat === 0 && s.carrier === Carrier.Gone)
                } else if (act === Act.Release) {
                    assert(s.beat === 1 || s.carrier !== Carrier.Gone)
                    heldSince = undefined
                }
                // the fence is held in these two states, and in no other
                const isHolding =
                    f.state === Fencing.Holding || f.state === Fencing.Fenced
                assert.equal(isHolding, heldSince !== undefined)
            }
        }),
        { seed: 12, numRuns: 2000 },
    )
    assert(takeovers > 100, `only ${takeovers} takeovers`)
})
