/**
 * The hardware self-test: flashed onto both boards after soldering, in place of
 * the firmware. It checks chips and pins alone, then the cables together with
 * the partner's self-test.
 */
import { Board } from "./board/board"
import { startBus } from "./board/bus"
import { BUS_HZ, openBoard } from "./board/open"
import { event, setBoardName } from "./console/events"
import { CardError } from "./drivers/sdcard"
import { isHeard, isResult, SILENT_MS, Word } from "./selftest/beat"
import { checkWithoutCable } from "./selftest/cable"
import { checkCard, startTestedCard } from "./selftest/card"
import { reportFences, skipFences, tryFences } from "./selftest/fence"
import { checkInterrupts } from "./selftest/interrupts"
import { checkLan, checkLink } from "./selftest/link"
import { checkBeats, checkTiming, Partner } from "./selftest/partner"
import { pause, startPauses, until } from "./selftest/pause"
import {
    endReport,
    judge,
    skip,
    startReport,
    waitsFor,
} from "./selftest/report"
import { checkSpeeds } from "./selftest/speed"
import {
    checkBus,
    checkChips,
    makeTested,
    readMarks,
    Tested,
} from "./selftest/spi"
import {
    ear,
    isBeating,
    ownWord,
    say,
    startTelegraph,
} from "./selftest/telegraph"
import { readIndex } from "./settings"

/** Until something happens, it is looked for so long at a time. */
const LOOK_MS = 60000

/** Chips and card: all that a board can check by itself. */
async function checkOwn(board: Board, chips: Tested[]) {
    const card = await startTestedCard(board)
    const cardAnswers = card.error === CardError.None
    if (!(await checkBus(chips, cardAnswers))) {
        skip("chips", "the SPI bus comes first")
        return
    }
    await checkChips(board, chips)
    await checkInterrupts(board, chips)
    await checkCard(board, card, chips)
    await checkSpeeds(board, chips, card)
    await checkLan([chips[0], chips[1]])
}

/**
 * The cables between the boards.
 * @returns false: it is no use before something is mended
 */
async function checkTogether(board: Board, chips: Tested[], index: number) {
    const link = chips[2]
    if (!(await checkWithoutCable(board))) {
        say(Word.Stopped)
        skip("partner", "the cable's pins come first")
        return false
    }
    const partner = await checkBeats(board, index)
    if (partner === Partner.There && (await tryFences(board, index, link)))
        await reportFences(board, chips)
    else {
        if (!isResult(ownWord()) && ownWord() !== Word.Deaf) say(Word.Stopped)
        await skipFences(
            board,
            chips,
            partner === Partner.Silent
                ? "the partner is not heard"
                : "the partner goes no further: see its console",
            partner !== Partner.Silent,
        )
    }
    if (await until(() => isHeard(ear), SILENT_MS)) await checkTiming()
    else skip("beat-timing", "the partner is not heard")
    await checkLink(link, index, board.pins.fence)
    return true
}

/** @returns 0 or 1; -1: nobody knows, and the console says what to do */
async function findIndex(): Promise<number> {
    try {
        const index = await readIndex()
        setBoardName(index === 0 ? "a" : "b")
        return index
    } catch (e) {
        event(
            `selftest: ${(e as Error).message}: it does not know which board ` +
                "it is. `npm run setup`, and `npm run bundle -- --selftest`",
        )
        return -1
    }
}

/** What chips have kept of an earlier start, before anything is changed. */
let areMarksRead = false

/** @returns whether the partner's next start is a reason to do it again */
async function run(board: Board, chips: Tested[], index: number) {
    startReport()
    let isGoing = false
    judge("settings", index < 0 ? "tw.board is missing or wrong" : "")
    if (!areMarksRead) await readMarks(chips)
    areMarksRead = true
    await checkOwn(board, chips)
    if (index < 0) {
        say(Word.Stopped)
        skip("partner", "the settings come first")
    } else isGoing = await checkTogether(board, chips, index)
    endReport()
    return isGoing
}

/** A partner that starts, or starts anew, is a reason to do it all again. */
async function awaitPartner() {
    const isHere = () => isHeard(ear)
    const isGone = () => !isBeating()
    while (!(await until(isGone, LOOK_MS)));
    while (!(await until(isHere, LOOK_MS)));
}

async function main() {
    const board = openBoard()
    startBus(board)
    startPauses(board)
    board.spiConfigure(BUS_HZ)
    const chips = makeTested(board)
    const index = await findIndex()
    startTelegraph(board)
    while (await run(board, chips, index)) {
        await awaitPartner()
        if (!isResult(ownWord())) say(Word.None)
    }
    waitsFor("take the power off, mend what has failed, and start again")
    for (;;) await pause(LOOK_MS)
}

await main()
