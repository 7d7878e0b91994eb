/**
 * Reads a board's console: firmware lines look like `a: words key=value ...`,
 * the same on a serial port.
 */
import { BOARD_NAMES, type BoardName } from "./pair.ts"

export interface ConsoleEvent {
    /** milliseconds since the bench was started */
    ms: number
    board: BoardName
    text: string
}

/** Key and value pairs of the last line of a kind. */
export type Fields = Record<string, string>

const MAX_EVENTS = 20_000

export class BoardConsole {
    /** what happened, oldest first */
    readonly events: ConsoleEvent[] = []
    status: Fields = {}
    counters: Fields = {}

    constructor(private readonly board: BoardName) {}

    /** @returns the event in the line, if it is one of the firmware's */
    line(ms: number, line: string): ConsoleEvent | undefined {
        const text = /^> [ab?]: (.*)$/.exec(line)?.[1]
        if (text === undefined) return undefined
        const [kind] = text.split(" ", 1)
        if (kind === "status") this.status = fields(text)
        else if (kind === "counters") this.counters = fields(text)
        else {
            const event = { ms, board: this.board, text }
            this.events.push(event)
            if (this.events.length > MAX_EVENTS) this.events.shift()
            return event
        }
        return undefined
    }

    /** The board has lost its state: nothing that it said holds any more. */
    forget() {
        this.status = {}
        this.counters = {}
    }
}

function fields(text: string): Fields {
    const pairs = text.split(" ").filter(p => p.includes("="))
    return Object.fromEntries(
        pairs.map(p => [
            p.slice(0, p.indexOf("=")),
            p.slice(p.indexOf("=") + 1),
        ]),
    )
}

/** What a board says of its own volume when all is as the settings want it. */
const AT_HOME = ["mirrored", "mirrored-async", "unmirrored"]

/** Whether each board says that it serves its volume and has its partner. */
export function areMirrored(consoles: Record<BoardName, BoardConsole>) {
    return BOARD_NAMES.every(name => {
        const { status } = consoles[name]
        return (
            AT_HOME.includes(status[`volume.${name}`]) &&
            status.serves === name &&
            status.partner === "alive"
        )
    })
}
