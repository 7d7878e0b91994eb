/**
 * The heartbeat line as a telegraph. Both boards beat from their first moment
 * on, and how long the line stays at a level is a word: high for what the
 * sender is about, low for what it remembers of its partner's fence. So the
 * boards agree over two wires alone, though each of them takes the other's
 * memory when it tries the fence.
 */

/** A half of a beat takes a unit for the first word, two for the next, ... */
export const UNIT_MS = 30
/** An edge is seen a tick late, and both ends of a half are edges. */
const TOLERANCE_MS = 14

/** What the halves of a beat say. */
export enum Word {
    /** high: has checks of its own to do. low: knows nothing of the fence */
    None = 0,
    /** has done them, and hears the partner: may be fenced */
    Ready,
    /** hears nothing */
    Deaf,
    /** goes no further: what is wrong is on its console */
    Stopped,
    /** is about to pull its fence */
    Pulling,
    /// What a fence has done, as its owner found it; all of these say that it
    /// has been tried ///
    Works,
    /** heartbeat and network go on */
    Nowhere,
    /** the heartbeat ended, the network chip went on */
    NoChips,
    /** the network chip was reset, the heartbeat went on */
    NoProcessor,
    /** the partner did not come back */
    NoReturn,
    /** resets the board that pulls it */
    Itself,
}

/** Whether a word is a result of a fence's trial. */
export function isResult(word: Word): boolean {
    return word >= Word.Works
}

/** No half is longer. */
const LONGEST_MS = UNIT_MS * (Word.Itself + 1)
/** Without an edge for so long, nobody beats. */
export const SILENT_MS = LONGEST_MS + 200
/** A word counts when it has come so many times in a row. */
const REPEATS = 2

export function wordMs(word: Word): number {
    return UNIT_MS * (word + 1)
}

/** What is heard of a heartbeat. Index 1: while it is high; 0: while low. */
export interface Ear {
    level: number
    /** when the line last changed; 0: never */
    edgeAt: number
    /** words that have come, and how often in a row */
    words: number[]
    repeats: number[]
    /** of whole beats since words last changed: number, what they took, and
     * should have taken */
    beats: number
    ms: number
    nominalMs: number
    /** edges ever */
    edges: number
    /** what the half before this one took */
    halfMs: number
}

export function makeEar(): Ear {
    return {
        level: 0,
        edgeAt: 0,
        words: [0, 0],
        repeats: [0, 0],
        beats: 0,
        ms: 0,
        nominalMs: 0,
        edges: 0,
        halfMs: 0,
    }
}

/** Takes a sample of the line. */
export function hear(e: Ear, now: number, level: number) {
    if (level === e.level) {
        if (e.repeats[0] > 0 && now - e.edgeAt > SILENT_MS) forget(e)
        return
    }
    const ms = now - e.edgeAt
    const was = e.level
    const isFirst = e.edgeAt === 0
    e.level = level
    e.edgeAt = now
    e.edges++
    if (!isFirst) take(e, was, ms)
}

function forget(e: Ear) {
    e.repeats[0] = 0
    e.repeats[1] = 0
    e.beats = 0
}

/** A half of a beat is over. */
function take(e: Ear, half: number, ms: number) {
    const word = Math.round(ms / UNIT_MS) - 1
    const off = ms - UNIT_MS * (word + 1)
    const isWord =
        word >= 0 &&
        word <= Word.Itself &&
        off <= TOLERANCE_MS &&
        off >= -TOLERANCE_MS
    if (!isWord) {
        forget(e)
        return
    }
    if (word !== e.words[half] || e.repeats[half] === 0) {
        e.words[half] = word
        e.repeats[half] = 0
        e.beats = 0
        e.ms = 0
        e.nominalMs = 0
    } else if (half === 0 && e.repeats[1] > 0) {
        e.beats++
        e.ms += ms + e.halfMs
        e.nominalMs += wordMs(word) + wordMs(e.words[1])
    }
    e.repeats[half]++
    e.halfMs = ms
}

/** Whether the partner's words are known. */
export function isHeard(e: Ear): boolean {
    return e.repeats[0] >= REPEATS && e.repeats[1] >= REPEATS
}

/**
 * Whether it is this board's turn to pull its fence: board a's first, then
 * that of b, which by then knows what a has found.
 * @param own what this board says
 */
export function mayPull(index: number, own: Word, e: Ear): boolean {
    if (own !== Word.Ready || !isHeard(e)) return false
    // a board that has been tried remembers it, and says so
    if (e.words[0] !== Word.None) return false
    const theirs = e.words[1]
    return index === 0 && theirs === Word.Ready ? true : isResult(theirs)
}
