/**
 * The heartbeat fiber: beats, listens, tests the cable, and judges. It needs
 * no SPI bus, so it goes on while a card or a chip makes the main loop wait;
 * but it stops when the main loop has stopped, for then the board is dead,
 * whatever its lines say.
 */
import * as ds from "@devicescript/core"
import { Board, Pin } from "../board/board"
import { readPin } from "../board/bus"
import { event } from "../console/events"
import { turns } from "../mainloop"
import {
    forgetCarrier,
    FRESH_MS,
    judge,
    makeDetector,
    mayBeOld,
    missedBeats,
    Partner,
    sampleBeat,
    sampleCable,
    sampleCarrier,
    sampleNews,
    wasDeaf,
} from "./detector"
import {
    Act,
    CONFIRM_MS,
    Fence,
    Fencing,
    makeFence,
    refuseAnswered,
    stepFence,
    Why,
} from "./fencing"
import { isLooking, linkInt, tickLink } from "./link"
import { canTakeOver, partnerIsFenced, partnerIsLost, tickPair } from "./pair"

/** Between samples. */
const TICK_MS = 5
/**
 * The line changes so long after it last did, at the next tick: every 15 ms. A
 * busy partner's samples are up to 12 ms apart: it sees each change.
 */
const BEAT_MS = 13
/** A round is of four ticks: in it what needs no hurry is looked at. */
const ROUND_MASK = 3
/** So long after the last round, something has kept this board from listening. */
const DEAF_MS = 2 * (ROUND_MASK + 1) * TICK_MS
/**
 * After so long the partner may have given this board up, and what it hears at
 * first may be from before that. Our copy must be out of date before the
 * partner's writes alone are acknowledged: at the earliest `SILENT_MS` and
 * `ALONE_WAIT_MS` from the last that it heard of us, 510 ms. Without a frame we
 * give it up `brokenMs`, 200, after we are back; over the LAN, 400.
 */
const LEFT_BEHIND_MS = 100
/**
 * In more than this between two samples the line may have changed twice: it is
 * as if it had not, and no silence.
 */
const BLIND_MS = 12
/** Rounds without a turn of the main loop after which it counts as dead. */
const STUCK_ROUNDS = 25

export const detector = makeDetector()
export let fence: Fence = makeFence(0)

let board: Board
let level = 0
/** when our own line last changed */
let beatenAt = 0
let stuck = 0
/** neither beats nor watches any more */
let isSilent = false
let lastTurns = 0
/** when the last round was */
let roundAt = 0

export function startHeartbeat(b: Board, index: number) {
    board = b
    fence = makeFence(index)
    roundAt = ds.millis()
    run.start()
}

/** Ends the heartbeat for ever: the partner shall take this board for dead. */
export function fallSilent() {
    isSilent = true
}

/** Whether the main loop shall look at the link's carrier, and say what it is. */
export function wantsCarrier(): boolean {
    return fence.state === Fencing.Holding
}

/**
 * The main loop has looked, for it has the bus. The fence's next step needs
 * not wait for the next sample of the heartbeat.
 */
export function sawCarrier(isThere: boolean) {
    // the limit may have passed meanwhile
    if (!wantsCarrier()) return
    const now = ds.millis()
    sampleBeat(detector, now, readPin(board.pins.beatIn))
    // a PHY needs a moment to lose it
    if (isThere && now - fence.since < CONFIRM_MS) return
    sampleCarrier(detector, isThere)
    act(now, Partner.Suspect)
}

/** Lets the partner go: it may boot. */
export function releaseFence() {
    board.pins.fence.setMode(ds.GPIOMode.InputPullDown)
    fence.state = Fencing.Watching
}

/** Somebody still answers at the partner's address: it is not dead at all. */
export function refuseTakeover() {
    board.pins.fence.setMode(ds.GPIOMode.InputPullDown)
    refuse(refuseAnswered(fence, ds.millis()))
}

async function run() {
    const pins = board.pins
    const beatOut = pins.beatOut
    const beatIn = pins.beatIn
    const d = detector
    let ticks = 0
    let sampledAt = ds.millis()
    for (;;) {
        await ds.sleep(TICK_MS)
        if (isSilent) return
        const now = ds.millis()
        const heard = readPin(beatIn)
        if (heard !== d.beatLevel) sampleBeat(d, now, heard)
        else if (now - sampledAt > BLIND_MS)
            missedBeats(d, now, now - sampledAt)
        // as long as both channels are fresh there is nothing to judge
        if (now - d.beatAt > FRESH_MS || now - d.linkAt > FRESH_MS) {
            const hasNews = isLooking || readPin(linkInt) === 0
            sampleNews(d, hasNews, now - sampledAt)
            watch(now)
        }
        sampledAt = now
        if (now - beatenAt >= BEAT_MS) beat(beatOut, now)
        if (++ticks & 1) tickLink()
        else if ((ticks & ROUND_MASK) === 0) round(now)
    }
}

/** Shows that the main loop lives. */
function beat(pin: Pin, now: number) {
    if (stuck >= STUCK_ROUNDS) return
    beatenAt = now
    level = 1 - level
    pin.setMode(level ? ds.GPIOMode.OutputHigh : ds.GPIOMode.OutputLow)
}

/** What needs no hurry: the cable, the main loop, and good news. */
function round(now: number) {
    if (now - roundAt > DEAF_MS) stoodStill(now)
    roundAt = now
    stuck = turns === lastTurns ? stuck + 1 : 0
    lastTurns = turns
    testCable(now)
    // while all is well there is nothing to judge
    if (detector.partner !== Partner.Alive || fence.state !== Fencing.Watching)
        watch(now)
    tickPair()
}

function stoodStill(now: number) {
    const ms = now - roundAt
    wasDeaf(detector, now, ms)
    roundAt = now
    if (ms < LEFT_BEHIND_MS || isHolding() || !canTakeOver()) return
    event(`stood still for ${ms} ms: the partner may have gone on alone`)
    partnerIsLost()
}

function isHolding(): boolean {
    return fence.state === Fencing.Holding || fence.state === Fencing.Fenced
}

/** The fence can only be tested while it is not pulled. */
function testCable(now: number) {
    if (isHolding()) return
    const pins = board.pins
    const wasWhole = detector.isFenceWhole
    const wasPresent = detector.isPresent
    sampleCable(detector, now, readPin(pins.fence), readPin(pins.present))
    if (wasWhole && !detector.isFenceWhole)
        event("fence broken: reads low while the partner lives")
    if (!wasWhole && detector.isFenceWhole) event("fence whole")
    if (wasPresent && !detector.isPresent) event("cable out")
    if (!wasPresent && detector.isPresent) event("cable present")
}

const PARTNER_EVENTS = [
    "",
    "partner alive",
    "heartbeat lost, but the partner lives: is the beat wire broken?",
    "link lost, but the partner lives: is the link cable broken?",
    "partner silent on heartbeat and link",
]
const WHY = [
    "",
    "the cable is out",
    "the fence is broken",
    "the fence does not reach the partner",
    "the partner's address still answers on the LAN",
]

function watch(now: number) {
    if (now - roundAt > DEAF_MS) stoodStill(now)
    const before = detector.partner
    const partner = judge(detector, now)
    if (partner !== before) event(PARTNER_EVENTS[partner])
    // a fence that works silences the link: that is no broken cable
    if (partner === Partner.LinkLost && !isHolding()) partnerIsLost()
    if (partner === Partner.Unknown) return
    // a frame may have come since it is suspected: that is read first
    if (partner === Partner.Suspect && detector.hasNews && !isHolding()) return
    // a link that was silent before the heartbeat was: the partner may be alone
    if (
        partner === Partner.Suspect &&
        (mayBeOld(detector, now) || !canTakeOver()) &&
        !isHolding()
    ) {
        // nothing to take over: no reason to fence
        partnerIsLost()
        return
    }
    act(now, partner)
}

function act(now: number, partner: Partner) {
    const pin = board.pins.fence
    switch (
        stepFence(
            fence,
            now,
            partner,
            detector.beatLevel,
            detector.isFenceWhole,
            detector.isPresent,
            detector.carrier,
        )
    ) {
        case Act.Hold:
            pin.setMode(ds.GPIOMode.OutputLow)
            forgetCarrier(detector)
            tickPair()
            board.wake()
            event(`fencing after ${now - detector.beatAt} ms of silence`)
            break
        case Act.Release:
            pin.setMode(ds.GPIOMode.InputPullDown)
            refuse(fence.why)
            break
        case Act.Report:
            refuse(fence.why)
            break
        case Act.TakeOver:
            partnerIsFenced()
            break
    }
}

function refuse(why: Why) {
    event(`no takeover: ${WHY[why]}; serving own volume only`)
    partnerIsLost()
}
