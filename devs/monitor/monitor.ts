/** Boards and their lines: what a screen shows, or what is printed. */
import { EventEmitter } from "node:events"
import { BoardLine } from "./boardline.ts"
import { BoardView, type LogEntry } from "./boardview.ts"

const SAMPLE_MS = 1000
const MAX_LOG = 500

interface MonitorEvents {
    /** something happened at a board */
    entry: [LogEntry]
    /** something that is shown has changed */
    change: []
}

export interface Watched {
    view: BoardView
    line: BoardLine
}

export class Monitor extends EventEmitter<MonitorEvents> {
    readonly boards: readonly Watched[]
    /** oldest first */
    readonly log: LogEntry[] = []
    private timer?: NodeJS.Timeout

    constructor(ports: readonly string[]) {
        super()
        this.boards = ports.map(where => ({
            view: new BoardView(where),
            line: new BoardLine(where),
        }))
    }

    start() {
        for (const { view, line } of this.boards) {
            line.on("line", text => this.heard(view, text))
            line.on("known", () => {
                view.isConnected = true
                // it says what it is only when that changes
                line.command("status")
                this.emit("change")
            })
            line.on("lost", why => this.lost(view, why))
            line.start()
        }
        this.timer = setInterval(() => {
            for (const { view } of this.boards) view.sample()
            this.emit("change")
        }, SAMPLE_MS)
    }

    end() {
        clearInterval(this.timer)
        for (const { line } of this.boards) line.end()
    }

    private heard(view: BoardView, text: string) {
        const entry = view.line(text)
        if (entry) this.add(entry)
        this.emit("change")
    }

    private lost(view: BoardView, why: string) {
        view.isConnected = false
        view.why = why
        view.forget()
        const text = `no line to ${view.where}: ${why}`
        this.add({ at: new Date(), board: view.name ?? "?", text })
    }

    private add(entry: LogEntry) {
        this.log.push(entry)
        if (this.log.length > MAX_LOG) this.log.shift()
        this.emit("entry", entry)
        this.emit("change")
    }
}
