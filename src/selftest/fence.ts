/**
 * The fences, tried for good: each board resets its partner, which then starts
 * anew and learns from the heartbeat what has happened. Board a goes first.
 * Whoever is about to pull says so, for if the wire is wrong it may be the one
 * who is reset.
 */
import * as ds from "@devicescript/core"
import { Board } from "../board/board"
import { readPin } from "../board/bus"
import { isHeard, isResult, mayPull, SILENT_MS, Word, wordMs } from "./beat"
import { pulled } from "./cable"
import { awaitCarrier, hasCarrier } from "./carrier"
import { pause, until } from "./pause"
import { judge, skip } from "./report"
import { Tested } from "./spi"
import { ear, ownWord, remembered, say } from "./telegraph"

/** From the fence until heartbeat and carrier have surely ended. */
const FALL_MS = 100
/** Beats until the partner has surely taken a new word. */
const TOLD = 4
/** A board boots in 1.1 s, and beats at once. */
const RETURN_MS = 10000
/** The partner is reset, boots, and has all its checks to do again. */
const LIMIT_MS = 60000

/** What each result means, to who pulls and to who is pulled. */
const OUT: string[] = []
OUT[Word.Nowhere] =
    "the fence is pulled and the partner goes on: the wire from fence to its " +
    "reset line is open"
OUT[Word.NoChips] =
    "the fence resets the partner's processor, and its link W5500 goes on: " +
    "at the partner, RSTn of the W5500s is not wired to the reset line"
OUT[Word.NoProcessor] =
    "the fence resets the partner's link W5500, and its processor goes on: " +
    "at the partner, RUN is not wired to the reset line"
OUT[Word.NoReturn] =
    "the partner does not come back when the fence is released: the reset " +
    "line has no pull-up, or the fence wire is bad"
OUT[Word.Itself] =
    "the fence resets this board: it is wired to its own reset, and not to " +
    "the partner's"

const IN: string[] = []
IN[Word.Nowhere] =
    "the partner's fence does not reach this board: the wire to its reset " +
    "line is open"
IN[Word.NoChips] =
    "the partner's fence resets RUN, and the link W5500 goes on: wire RSTn " +
    "of the W5500s to the reset line"
IN[Word.NoProcessor] =
    "the partner's fence resets the link W5500, and this processor goes on: " +
    "wire RUN to the reset line"
IN[Word.NoReturn] =
    "this board did not come back when the partner let go of its fence: the " +
    "reset line has no pull-up, or the fence wire is bad"
IN[Word.Itself] =
    "the partner's fence resets the partner: it is not wired to this board's " +
    "reset"

/** Tries both fences. @returns whether both have been tried */
export async function tryFences(
    board: Board,
    index: number,
    link: Tested,
): Promise<boolean> {
    const since = ds.millis()
    for (;;) {
        if (isHeard(ear)) {
            const told = ear.words[0]
            const theirs = ear.words[1]
            // the partner remembers what this board was reset from
            if (!isResult(ownWord()) && isResult(told)) say(told)
            if (isResult(ownWord()) && isResult(theirs)) return true
            if (theirs === Word.Stopped) return false
            if (mayPull(index, ownWord(), ear)) say(await pull(board, link))
        }
        if (ds.millis() - since > LIMIT_MS) return false
        await pause(10)
    }
}

/** Resets the partner, and sees it fall and come back. */
async function pull({ pins }: Board, link: Tested): Promise<Word> {
    const { fence, beatIn } = pins
    if (readPin(fence) === 0) return Word.Nowhere
    // what is not there cannot be seen to go
    const hadCarrier = link.isGood && (await awaitCarrier(link.chip))
    say(Word.Pulling)
    await pause(TOLD * (wordMs(Word.Pulling) + wordMs(remembered())))
    fence.setMode(ds.GPIOMode.OutputLow)
    await pause(FALL_MS)
    const edges = ear.edges
    await pause(SILENT_MS)
    const isBeating = ear.edges !== edges || readPin(beatIn) === 1
    const isLinked = hadCarrier ? await hasCarrier(link.chip) : isBeating
    fence.setMode(ds.GPIOMode.InputPullDown)
    if (isBeating) return isLinked ? Word.Nowhere : Word.NoProcessor
    const isBack = await until(() => isHeard(ear), RETURN_MS)
    if (!isBack) return Word.NoReturn
    return isLinked ? Word.NoChips : Word.Works
}

/** What both fences did. @param chips have been under the partner's fence */
export async function reportFences(board: Board, chips: Tested[]) {
    const own = ownWord()
    const theirs = ear.words[1]
    const isLow = readPin(board.pins.fence) === 0
    const why = isLow ? await lowFault(board, true) : OUT[own]
    judge("fence-out", own === Word.Works ? "" : why)
    judge("fence-in", theirs === Word.Works ? "" : IN[theirs])
    const wasPulled = theirs === Word.Works || theirs === Word.NoChips
    for (let i = 0; i < chips.length; ++i) {
        const { name, isGood, wasMarked } = chips[i]
        if (!isGood) skip(`${name}-reset`, `the ${name} W5500 comes first`)
        else if (!wasPulled)
            skip(`${name}-reset`, "the partner's fence comes first")
        else
            judge(
                `${name}-reset`,
                wasMarked
                    ? `the reset line does not reach the ${name} W5500: wire ` +
                          "its RSTn to RUN"
                    : "",
            )
    }
}

/** They were not tried; what the fence's line tells all the same is told. */
export async function skipFences(
    board: Board,
    chips: Tested[],
    why: string,
    isHere: boolean,
) {
    if (readPin(board.pins.fence) === 0)
        judge("fence-out", await lowFault(board, isHere))
    else skip("fence-out", why)
    skip("fence-in", why)
    for (let i = 0; i < chips.length; ++i) skip(`${chips[i].name}-reset`, why)
}

/** Why the fence reads low though this board does not pull it. */
async function lowFault({ pins }: Board, isHere: boolean): Promise<string> {
    const { fence } = pins
    const canRise = (await pulled(fence, true)) === 1
    await pulled(fence, false)
    // nothing pulls here now: does the line stay where it was left?
    fence.setMode(ds.GPIOMode.Input)
    await pause(FALL_MS)
    const rises = readPin(fence) === 1
    fence.setMode(ds.GPIOMode.InputPullDown)
    if (!canRise)
        return (
            "fence is low: the wire is shorted to ground and holds the " +
            "partner in reset, or the partner has no power"
        )
    if (rises)
        return (
            "fence is pulled up weakly: the 10 kΩ pull-up at the partner's " +
            "reset line is missing"
        )
    return isHere
        ? "fence is low and the partner lives: the wire to its reset is open"
        : "fence is low: its wire is open, or the partner has no power"
}
