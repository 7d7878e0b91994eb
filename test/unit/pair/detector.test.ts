/** What the heartbeat line and the link say of the partner. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import fc from "fast-check"
import { useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const {
    heardLan,
    heardLink,
    judge,
    makeDetector,
    metPartner,
    missedBeats,
    Partner,
    sampleBeat,
    sampleCable,
    sampleNews,
    setPath,
    wasDeaf,
} = await import("../../../src/pair/detector.ts")

/** What can happen in a story: at which millisecond it does. */
type Happening =
    | "beat"
    | "frame"
    | { unread: number }
    | { "heard of": number }
    | "no news"
    | "over the LAN"
    | { "answer on the LAN to": number }
    | { missed: number }
    | { judged: keyof typeof Partner }
type Story = [at: number, ...what: Happening[]][]

/** Follows a story and says where it goes another way. */
function follow(story: Story) {
    const d = makeDetector()
    let level = 0
    for (const [at, ...all] of story)
        for (const what of all)
            if (what === "beat") sampleBeat(d, at, (level = 1 - level))
            else if (what === "frame") heardLink(d, at)
            else if (what === "no news") sampleNews(d, false, 0)
            else if (what === "over the LAN") setPath(d, true)
            else if ("heard of" in what) heardLink(d, what["heard of"])
            else if ("answer on the LAN to" in what)
                heardLan(d, what["answer on the LAN to"])
            else if ("unread" in what) sampleNews(d, true, what.unread)
            else if ("missed" in what) missedBeats(d, at, what.missed)
            else assert.equal(Partner[judge(d, at)], what.judged, `at ${at} ms`)
}

const judged = (judged: keyof typeof Partner) => ({ judged })
const unread = (unread: number) => ({ unread })
const missed = (missed: number) => ({ missed })
const heardOf = (ms: number) => ({ "heard of": ms })
const lanOf = (ms: number) => ({ "answer on the LAN to": ms })
const alive: Story[0] = [1000, "beat", "frame", judged("Alive")]

const stories: Record<string, Story> = {
    "who answers on the LAN is not suspected, but its link is lost": [
        alive,
        [1061, lanOf(1030), judged("Alive")],
        [1100, lanOf(1080), judged("Alive")],
        [1150, lanOf(1120), judged("Alive")],
        [1199, lanOf(1180), judged("Alive")],
        [1200, lanOf(1181), judged("LinkLost")],
        [1240, judged("LinkLost")],
        [1241, judged("Suspect")],
    ],
    "an answer on the LAN to what was asked before the silence saves nobody": [
        alive,
        [1059, lanOf(1000), judged("Alive")],
        [1060, lanOf(1000), judged("Suspect")],
    ],
    "without the heartbeat line, the LAN is the second channel": [
        alive,
        [1200, "frame", judged("BeatLost")],
        [1349, lanOf(1300), judged("BeatLost")],
        [1350, judged("BeatLost")],
        [1400, lanOf(1370), judged("LinkLost")],
        [1519, judged("LinkLost")],
        [1520, judged("Suspect")],
    ],
    "looks that came late make no old silence a new one": [
        alive,
        [1050, missed(50), judged("Alive")],
        [1100, "frame", judged("Alive")],
        // the line is silent since 1000, and the link was only busy
        [1165, judged("Alive")],
        [1170, "frame", judged("Alive")],
    ],
    "looks that came late are no silence": [
        alive,
        [1058, missed(40), judged("Alive")],
        [1065, judged("Alive")],
        [1100, judged("Suspect")],
    ],
    "a partner that was never heard is unknown": [
        [0, judged("Unknown")],
        [10, judged("Unknown")],
        [100_000, judged("Unknown")],
    ],
    "a partner that only beats is unknown": [
        [10, "beat", judged("Unknown")],
        [20, "beat", judged("Unknown")],
        [500, judged("Unknown")],
    ],
    "a partner that only sends is unknown": [
        [10, "frame", judged("Unknown")],
        [500, "frame", judged("Unknown")],
    ],
    "a partner that does both is alive": [
        [500, "frame", judged("Unknown")],
        [510, "beat", judged("Alive")],
    ],
    "silence of both for 60 ms is suspicious": [
        alive,
        [1030, judged("Alive")],
        [1031, judged("Alive")],
        [1059, judged("Alive")],
        [1060, judged("Suspect")],
        [9000, judged("Suspect")],
    ],
    "the silence counts from the last sign of either": [
        alive,
        [1025, "frame"],
        [1060, judged("Alive")],
        [1084, judged("Alive")],
        [1085, judged("Suspect")],
    ],
    "a death is one, though the link's last news lay unread for long": [
        alive,
        [1080, unread(80), judged("Alive")],
        [1100, missed(45), unread(20), judged("Alive")],
        [1159, unread(5), judged("Alive")],
        // before a silent link counts as broken
        [1160, judged("Suspect")],
    ],
    "while news of the link lie unread, its silence is not known": [
        alive,
        [1060, unread(25), judged("Alive")],
        [1084, judged("Alive")],
        [1084, "no news", judged("Alive")],
        [1085, judged("Suspect")],
    ],
    "nobody is given up while there is something to read": [
        alive,
        [1075, unread(10), judged("Alive")],
        [1080, unread(5), judged("Alive")],
        [1081, "frame", judged("Alive")],
        [1090, "no news", judged("Alive")],
    ],
    "but for 100 ms at most: then the main loop should have looked": [
        alive,
        [1040, "beat"],
        [1100, unread(60), judged("Alive")],
        [1120, unread(40), judged("Alive")],
        [1159, unread(5), judged("Alive")],
        [1160, unread(5), judged("Suspect")],
    ],
    "a link that is not looked at is broken in 200 ms all the same": [
        alive,
        [1199, "beat", unread(60), judged("Alive")],
        [1200, judged("LinkLost")],
    ],
    "a line is called broken only while the link is fresh": [
        alive,
        [1170, "frame"],
        [1201, judged("Alive")],
        [1319, judged("Alive")],
        [1320, judged("Suspect")],
    ],
    "a link is called broken only while the line is fresh": [
        alive,
        [1170, "beat"],
        [1201, judged("Alive")],
        [1319, judged("Alive")],
        [1320, judged("Suspect")],
    ],
    "a line that stands still while frames come is broken in 200 ms": [
        alive,
        [1100, "frame", judged("Alive")],
        [1199, "frame", judged("Alive")],
        [1200, "frame", judged("BeatLost")],
        [5000, "frame", judged("BeatLost")],
    ],
    "a link that is silent while the heart beats is broken in 200 ms": [
        alive,
        [1100, "beat", judged("Alive")],
        [1199, "beat", judged("Alive")],
        [1200, "beat", judged("LinkLost")],
        [5000, "beat", judged("LinkLost")],
    ],
    "a channel that died a moment later is not taken for the other's break": [
        alive,
        [1030, "frame"],
        [1031, judged("Alive")],
        [1060, judged("Alive")],
        [1090, judged("Suspect")],
        [1201, judged("Suspect")],
    ],
    "a broken line is whole again": [
        alive,
        [1300, "frame", judged("BeatLost")],
        [1310, "beat", "frame", judged("Alive")],
    ],
    "a broken link is whole again": [
        alive,
        [1300, "beat", judged("LinkLost")],
        [1310, "beat", "frame", judged("Alive")],
    ],
    "with a broken line, the silence of the link is death": [
        alive,
        [1300, "frame", judged("BeatLost")],
        [1449, judged("BeatLost")],
        [1450, judged("Suspect")],
    ],
    "with a broken link, the silence of the line is death": [
        alive,
        [1300, "beat", judged("LinkLost")],
        [1449, judged("LinkLost")],
        [1450, judged("Suspect")],
    ],
    "a partner that was only slow is not suspected any more: it beats": [
        alive,
        [1060, judged("Suspect")],
        [1065, "beat", judged("Alive")],
    ],
    "a partner that was only slow is not suspected any more: it sends": [
        alive,
        [1060, judged("Suspect")],
        [1065, "frame", judged("Alive")],
    ],
    "and is suspected again when it goes on being silent": [
        alive,
        [1060, judged("Suspect")],
        [1065, "beat", judged("Alive")],
        [1214, judged("Alive")],
        [1215, judged("Suspect")],
    ],
    "over the LAN a partner is heard late": [
        [1000, "over the LAN", "beat", heardOf(900), judged("Alive")],
        [1290, "beat", judged("Alive")],
        [1300, "beat", judged("LinkLost")],
    ],
    "and what it answers late is as old as the question": [
        [1000, "over the LAN", "beat", heardOf(1000), judged("Alive")],
        [1390, "beat", heardOf(990), judged("Alive")],
        [1400, "beat", judged("LinkLost")],
        [1410, "beat", heardOf(1200), judged("LinkLost")],
        [1420, "beat", heardOf(1320), judged("Alive")],
    ],
    "a death is seen as soon over the LAN": [
        [1000, "over the LAN", "beat", heardOf(970), judged("Alive")],
        [1059, judged("Alive")],
        [1060, judged("Suspect")],
    ],
    "a suspect with a broken line that sends has a broken line": [
        alive,
        [1300, "frame", judged("BeatLost")],
        [1450, judged("Suspect")],
        [1460, "frame", judged("BeatLost")],
    ],
}

for (const [promise, story] of Object.entries(stories))
    test(promise, () => follow(story))

test("one level, however often sampled, is no heartbeat", () => {
    const d = makeDetector()
    for (let now = 0; now < 100; now += 5) {
        heardLink(d, now)
        sampleBeat(d, now, 0)
        assert.equal(judge(d, now), Partner.Unknown)
    }
})

test("a partner that was met and never beat is suspected when it is silent", () => {
    const d = makeDetector()
    heardLink(d, 1000)
    assert.equal(judge(d, 1000), Partner.Unknown)
    metPartner(d, 1010)
    assert.equal(judge(d, 1010), Partner.Alive)
    assert.equal(judge(d, 1069), Partner.Alive)
    assert.equal(judge(d, 1070), Partner.Suspect)
})

describe("the fence", () => {
    /** @param samples levels of fence and present */
    function cableAfter(
        samples: [at: number, fence: number, present: number][],
        beatsUntil: number,
    ) {
        const d = makeDetector()
        let next = 0
        for (const [at, fence, present] of samples) {
            for (; next <= Math.min(at, beatsUntil); next += 10)
                sampleBeat(d, next, (next / 10) & 1)
            sampleCable(d, at, fence, present)
        }
        return { isWhole: d.isFenceWhole, isPresent: d.isPresent }
    }

    test("is not known to be whole before it has been high", () =>
        assert(!cableAfter([[100, 0, 0]], 100).isWhole))
    test("is whole when it reads high", () =>
        assert(cableAfter([[100, 1, 0]], 100).isWhole))
    test("stays whole while a reset of the partner is short", () =>
        assert(
            cableAfter(
                [
                    [100, 1, 0],
                    [110, 0, 0],
                    [150, 0, 0],
                ],
                150,
            ).isWhole,
        ))
    test("is broken when it is low and the partner lives", () =>
        assert(
            !cableAfter(
                [
                    [100, 1, 0],
                    [110, 0, 0],
                    [300, 0, 0],
                    [311, 0, 0],
                ],
                311,
            ).isWhole,
        ))
    test("stays whole when it falls with the partner's power", () =>
        assert(
            cableAfter(
                [
                    [100, 1, 0],
                    [140, 0, 0],
                    [1000, 0, 0],
                ],
                110,
            ).isWhole,
        ))
    test("is whole again when it is mended", () =>
        assert(
            cableAfter(
                [
                    [100, 1, 0],
                    [311, 0, 0],
                    [320, 1, 0],
                ],
                320,
            ).isWhole,
        ))
    test("stays whole though the death itself is heard late", () =>
        // power went at 121, and the heartbeat's last edge was seen at 130
        assert(
            cableAfter(
                [
                    [100, 1, 0],
                    [121, 0, 0],
                    [151, 0, 0],
                    [160, 0, 0],
                ],
                130,
            ).isWhole,
        ))
    test("stays whole though the partner's last frame is read late", () => {
        // power went at 121; hosts were busy logging in
        const d = makeDetector()
        sampleBeat(d, 121, 1)
        sampleCable(d, 100, 1, 0)
        heardLink(d, 221)
        sampleCable(d, 230, 0, 0)
        assert(d.isFenceWhole)
    })
    test("stays whole though changes of the line may have been missed", () => {
        const d = makeDetector()
        sampleCable(d, 100, 1, 0)
        sampleBeat(d, 121, 1)
        for (let now = 141; now <= 500; now += 20) {
            missedBeats(d, now, 20)
            sampleCable(d, now, 0, 0)
        }
        assert(d.isFenceWhole)
    })
    test("stays whole while this board stood still", () => {
        const d = makeDetector()
        sampleBeat(d, 100, 1)
        sampleCable(d, 100, 1, 0)
        wasDeaf(d, 300, 200)
        sampleBeat(d, 310, 0)
        sampleCable(d, 310, 0, 0)
        assert(d.isFenceWhole)
    })
    test("cable is present when its line is grounded", () => {
        assert(cableAfter([[100, 1, 0]], 100).isPresent)
        assert(!cableAfter([[100, 1, 1]], 100).isPresent)
        assert(!makeDetector().isPresent)
    })
})

/** Silences that begin together are believed sooner. */
function silentMs({ beat, frame }: { beat: number; frame: number }) {
    return Math.abs(beat - frame) <= 60 ? 60 : 150
}

test("whatever comes when, who is silent on both channels is suspected, and nobody else", () => {
    const step = fc.record({
        after: fc.oneof(fc.nat(10), fc.nat(80), fc.nat(400)),
        beat: fc.boolean(),
        frame: fc.boolean(),
    })
    fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), steps => {
            const d = makeDetector()
            let now = 0
            let level = 0
            const heard = { beat: -Infinity, frame: -Infinity }
            for (const { after, beat, frame } of steps) {
                now += after
                if (beat) {
                    sampleBeat(d, now, (level = 1 - level))
                    heard.beat = now
                }
                if (frame) {
                    heardLink(d, now)
                    heard.frame = now
                }
                const before = d.partner
                const state = judge(d, now)
                const last = Math.max(heard.beat, heard.frame)
                const bothHeard = Math.min(heard.beat, heard.frame) >= 0
                if (!bothHeard) assert.equal(state, Partner.Unknown)
                else if (now - last >= silentMs(heard))
                    assert.equal(state, Partner.Suspect)
                else if (before !== Partner.Suspect)
                    assert.notEqual(state, Partner.Suspect)
                // and who is heard now is not one any longer
                if (bothHeard && now - last <= 30)
                    assert.notEqual(state, Partner.Suspect)
                // a channel is called broken only while the other one lives
                if (state === Partner.BeatLost && state !== before)
                    assert(now - heard.frame <= 30)
                if (state === Partner.LinkLost && state !== before)
                    assert(now - heard.beat <= 30)
            }
        }),
        { seed: 11, numRuns: 1000 },
    )
})
