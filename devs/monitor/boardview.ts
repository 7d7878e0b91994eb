/** What is known of a board, from what it prints. */
import { BoardConsole, type Fields } from "../bench/console.ts"
import type { BoardName } from "../bench/pair.ts"

/** Rates are looked at so far back. */
export const SAMPLES = 60

export interface Rates {
    /** a second; the newest last */
    writes: number[]
    reads: number[]
}

export interface LogEntry {
    at: Date
    board: BoardName | "?"
    text: string
    /** what the board is, and not what happened */
    isStatus?: boolean
}

export class BoardView {
    isConnected = false
    /** why not */
    why = "not connected yet"
    name?: BoardName
    readonly rates: Rates = { writes: [], reads: [] }
    private console?: BoardConsole
    private last?: { writes: number; reads: number }

    constructor(readonly where: string) {}

    get status(): Fields {
        return this.console?.status ?? {}
    }

    get counters(): Fields {
        return this.console?.counters ?? {}
    }

    /** @returns what happened, if the line tells of something */
    line(line: string): LogEntry | undefined {
        const name = /^> ([ab]): /.exec(line)?.[1] as BoardName | undefined
        if (name && name !== this.name) {
            this.name = name
            this.console = new BoardConsole(name)
        }
        const at = new Date()
        // what the runtime itself says of its end
        if (/^! (Exception|Unhandled)|^\* +message/.test(line))
            return { at, board: this.name ?? "?", text: line.slice(2) }
        const event = this.console?.line(at.getTime(), line)
        if (name && /^> .: status /.test(line))
            return { at, board: name, text: line.slice(5), isStatus: true }
        if (!event) return undefined
        if (event.text === "starting") this.forget()
        return { at, board: event.board, text: event.text }
    }

    /** What the board said before does not hold any more. */
    forget() {
        this.console?.forget()
        this.last = undefined
    }

    /** Call once a second. */
    sample() {
        const c = this.counters
        const writes = Number(c["written.a"] ?? 0) + Number(c["written.b"] ?? 0)
        const reads = Number(c.reads ?? 0)
        const { last } = this
        const push = (to: number[], now: number, before: number) => {
            // a board that started again counts from zero
            to.push(last && now >= before ? now - before : 0)
            if (to.length > SAMPLES) to.shift()
        }
        push(this.rates.writes, writes, last?.writes ?? 0)
        push(this.rates.reads, reads, last?.reads ?? 0)
        this.last = { writes, reads }
    }
}
