/** The heartbeat wires: whether each board hears the other, and in time. */
import * as ds from "@devicescript/core"
import { Board, Pin } from "../board/board"
import { readPin } from "../board/bus"
import { Ear, isHeard, Word } from "./beat"
import { awaitIn, pulled } from "./cable"
import { pause, until } from "./pause"
import { fail, judge, pass, skip, waitsFor } from "./report"
import { ear, isBeating, mouth, ownWord, say, setMute } from "./telegraph"

/** What the partner can do. */
export enum Partner {
    /** is not heard */
    Silent = 0,
    /** is heard, and goes no further, or hears nothing */
    Useless,
    /** hears, and is heard */
    There,
}

/** Whoever beats is heard by then. */
const HEAR_MS = 2500
/** A person's time to start the other board; it boots, and beats at once. */
const START_MS = 10000
/** A partner that hears nothing yet may still be listening. */
const DEAF_MS = 8000
/** Between two lines that say the same. */
const ASK_MS = 30000

/** Looks for the partner's heartbeat, and whether it has heard ours. */
export async function checkBeats(
    board: Board,
    index: number,
): Promise<Partner> {
    const { present, fence } = board.pins
    const isHere = await listen(present)
    if (!isHere) {
        judge("present", "")
        if (readPin(fence) === 0)
            skip("beat-in", "the partner has no power, or is held in reset")
        else fail("beat-in", await beatFault(board, index))
        skip("beat-out", "the partner is not heard")
        return Partner.Silent
    }
    judge(
        "present",
        readPin(present) === 0
            ? ""
            : "present is high with the cable in: the wire to the ground at " +
                  "the partner's end is open",
    )
    pass("beat-in")
    return await checkBeatOut(present)
}

async function listen(present: Pin): Promise<boolean> {
    const isHere = () => isHeard(ear)
    for (;;) {
        if (await until(isHere, HEAR_MS)) return true
        if (ownWord() === Word.None) say(Word.Deaf)
        if (readPin(present) === 1) {
            await awaitIn(present)
            continue
        }
        waitsFor("no heartbeat from the partner: start its self-test")
        if (await until(isHere, START_MS)) return true
        if (readPin(present) === 0) return false
    }
}

/** The partner tells whether it hears. */
async function checkBeatOut(present: Pin): Promise<Partner> {
    if (ownWord() <= Word.Deaf) say(Word.Ready)
    const word = () => (isHeard(ear) ? ear.words[1] : Word.None)
    const isBusy = () => word() === Word.None
    while (isBusy() && !(await until(() => !isBusy(), HEAR_MS))) {
        if (isBeating()) {
            waitsFor("the partner has checks of its own to do")
            await until(() => !isBusy() || !isBeating(), ASK_MS)
        } else if (readPin(present) === 1) await awaitIn(present)
        else {
            skip("beat-out", "the partner is not heard any more")
            return Partner.Silent
        }
    }
    await until(() => word() !== Word.Deaf, DEAF_MS)
    if (word() === Word.Deaf)
        fail(
            "beat-out",
            "the partner hears nothing: look at the wire from beatOut to its " +
                "beatIn",
        )
    else if (word() === Word.Stopped)
        skip("beat-out", "the partner has stopped: see its console")
    else {
        pass("beat-out")
        return Partner.There
    }
    return Partner.Useless
}

/** Listening on one's own output, in turns of other lengths than the partner's. */
const LISTEN_MS = 900
const BEAT_MS = [700, 1600]
const LISTENS = 4

/** Why no heartbeat comes from a partner that has power. */
async function beatFault(board: Board, index: number): Promise<string> {
    const { beatIn, beatOut } = board.pins
    for (let k = 0; k < LISTENS; ++k) {
        setMute(true)
        const isTheirs = await changes(beatOut, LISTEN_MS)
        setMute(false)
        if (isTheirs)
            return (
                "the heartbeat comes in at beatOut: the beat wires are not " +
                "crossed, beatOut is wired to beatOut"
            )
        await pause(BEAT_MS[index])
    }
    if (await changes(beatIn, LISTEN_MS))
        return "what comes in at beatIn is no heartbeat: look at its wire"
    if (readPin(beatIn) === 1)
        return "beatIn stays high: the beat wire is shorted to the supply"
    const isOpen = (await pulled(beatIn, true)) === 1
    beatIn.setMode(ds.GPIOMode.InputPullDown)
    if (isOpen)
        return (
            "nothing drives beatIn: the wire from the partner's beatOut is " +
            "open, or the partner's self-test does not run"
        )
    return (
        "beatIn stays low: the beat wire is shorted to ground, or the partner " +
        "stands still"
    )
}

async function changes(pin: Pin, ms: number): Promise<boolean> {
    const before = readPin(pin)
    return await until(() => readPin(pin) !== before, ms)
}

/// Timing ///

/** So many whole beats are measured. */
const BEATS = 4
const BEATS_LIMIT_MS = 6000
/** Percent. Crystals differ by less than a hundredth of one. */
const MAX_OFF = 3

/** Whether the heartbeats that go out and come in take the time they should. */
export async function checkTiming() {
    const isMeasured = () => ear.beats >= BEATS && mouth.beats >= BEATS
    if (!(await until(isMeasured, BEATS_LIMIT_MS))) {
        fail("beat-timing", "heartbeats do not last: look at the beat wires")
        return
    }
    const sent = percent(mouth)
    const received = percent(ear)
    const isOff = (p: number) => p < 100 - MAX_OFF || p > 100 + MAX_OFF
    let why = ""
    if (isOff(sent)) why = `own heartbeats take ${sent} % of their time`
    else if (isOff(received))
        why =
            `the partner's heartbeats take ${received} % of their time: one ` +
            "of the boards' crystals is wrong"
    judge("beat-timing", why, `sent=${sent}% received=${received}%`)
}

/** What beats took of what they should take, in tenths of a percent. */
function percent(e: Ear): number {
    return Math.round((e.ms * 1000) / e.nominalMs) / 10
}
