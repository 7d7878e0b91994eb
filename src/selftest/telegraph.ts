/** The fiber that beats and listens; see beat.ts for what is said. */
import * as ds from "@devicescript/core"
import { Board } from "../board/board"
import { readPin } from "../board/bus"
import {
    Ear,
    hear,
    isHeard,
    isResult,
    makeEar,
    SILENT_MS,
    Word,
    wordMs,
} from "./beat"

/** Between samples. */
const TICK_MS = 5

export const ear: Ear = makeEar()
/** What this board sends, as one hears it that is at its pin. */
export const mouth: Ear = makeEar()
/** the partner said that it was about to pull its fence, and nothing since */
let saidPulling = false

let board: Board
let own = Word.None
let memory = Word.None
let level = 0
let turnAt = 0
let isMute = false

/** What this board says of itself. */
export function ownWord(): Word {
    return own
}

/** What it remembers of its partner's fence. */
export function remembered(): Word {
    return memory
}

export function say(word: Word) {
    own = word
}

/** Whether the line still changes; the words may not be known. */
export function isBeating(): boolean {
    return ear.edgeAt !== 0 && ds.millis() - ear.edgeAt <= SILENT_MS
}

/** Stops beating, and lets the line go; or begins again. */
export function setMute(mute: boolean) {
    isMute = mute
    if (mute) board.pins.beatOut.setMode(ds.GPIOMode.InputPullDown)
    level = 0
    turnAt = ds.millis()
}

export function startTelegraph(b: Board) {
    board = b
    turnAt = ds.millis()
    run.start()
}

async function run() {
    const { beatOut, beatIn } = board.pins
    for (;;) {
        await ds.sleep(TICK_MS)
        const now = ds.millis()
        hear(ear, now, readPin(beatIn))
        if (isHeard(ear)) listen()
        if (isMute || now < turnAt) continue
        level = 1 - level
        beatOut.setMode(level ? ds.GPIOMode.OutputHigh : ds.GPIOMode.OutputLow)
        hear(mouth, now, level)
        const ms = wordMs(level ? own : memory)
        turnAt += ms
        // after a pause, not all that was left out at once
        if (now - turnAt > SILENT_MS) turnAt = now + ms
    }
}

/** What the partner has found is remembered: it will be reset, and ask. */
function listen() {
    const word = ear.words[1]
    if (isResult(word)) memory = word
    // it began anew, and this board did not
    else if (word === Word.None && saidPulling) memory = Word.Itself
    saidPulling = word === Word.Pulling
}
