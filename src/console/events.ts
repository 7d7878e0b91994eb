/**
 * What a board tells on its console: one line an event, words first, then
 * key=value. Rare by design: a line costs some 150 µs.
 */

let board = "?"

/** @param name goes in front of each line */
export function setBoardName(name: string) {
    board = name
}

/** Something happened that an operator may want to know. */
export function event(text: string) {
    console.log(`${board}: ${text}`)
}
