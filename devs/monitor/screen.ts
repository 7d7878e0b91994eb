/** The monitor's screen: a column for each board, what happened, and the keys. */
import { createElement as h, useEffect, useRef, useState } from "react"
import { Box, Text, useApp, useInput, useStdout } from "ink"
import sparkly from "sparkly"
import type { BoardView, LogEntry } from "./boardview.ts"
import { OPERATOR_COMMANDS, type OperatorCommand } from "./commands.ts"
import type { Monitor, Watched } from "./monitor.ts"

/** What a status says, and how it looks: all is well, it is not, or neither. */
const COLORS: Record<string, string> = {
    mirrored: "green",
    mirror: "green",
    alive: "green",
    ok: "green",
    alone: "yellow",
    resyncing: "yellow",
    joining: "yellow",
    filling: "yellow",
    waiting: "yellow",
    "beat-lost": "yellow",
    "link-lost": "yellow",
    held: "red",
    silent: "red",
    failed: "red",
}

const LABEL_WIDTH = 10
/** Borders, padding, label, and the number behind a sparkline. */
const NOT_SPARK = LABEL_WIDTH + 12
const TITLE_ROWS = 1
const KEY_ROWS = 2
/** Rows of a board's box, with its border. */
const BOARD_ROWS = 13

export function Screen({ monitor }: { monitor: Monitor }) {
    const { columns, rows } = useSize()
    useChanges(monitor)
    // not a state: the next key may come before it was drawn
    const dialog = useRef<Dialog>({ chosen: 0, said: "" })
    const [, draw] = useState(0)
    const { exit } = useApp()
    const { chosen, asked, said } = dialog.current
    const board = monitor.boards[chosen]

    useInput((input, { tab }) => {
        // keys that were pressed quickly come together
        for (const key of tab ? "\t" : input)
            if (key === "q" && !dialog.current.asked) exit()
            else dialog.current = press(monitor, dialog.current, key)
        draw(n => n + 1)
    })

    const width = Math.floor(columns / monitor.boards.length)
    const free = rows - TITLE_ROWS - BOARD_ROWS - KEY_ROWS - 1
    const events = monitor.log.filter(e => !e.isStatus)
    const log = free > 0 ? events.slice(-free) : []
    return h(
        Box,
        { flexDirection: "column", width: columns, height: rows - 1 },
        h(Text, { bold: true, wrap: "truncate" }, "Twinstore"),
        h(
            Box,
            { height: BOARD_ROWS },
            ...monitor.boards.map(({ view }, k) =>
                h(Board, {
                    key: view.where,
                    view,
                    width,
                    isChosen: k === chosen && monitor.boards.length > 1,
                }),
            ),
        ),
        h(
            Box,
            { flexDirection: "column", flexGrow: 1, overflow: "hidden" },
            ...log.map((entry, k) => h(Entry, { key: k, entry })),
        ),
        h(Keys, { board: nameOf(board), asked, said }),
    )
}

interface Dialog {
    /** the board that commands go to */
    chosen: number
    /** to be confirmed */
    asked?: OperatorCommand
    /** what became of the last one */
    said: string
}

function press({ boards }: Monitor, d: Dialog, key: string): Dialog {
    const { chosen, asked } = d
    if (asked)
        return { chosen, said: key === "y" ? order(boards[chosen], asked) : "" }
    if (key === "\t") return { chosen: (chosen + 1) % boards.length, said: "" }
    const command = OPERATOR_COMMANDS.find(c => c.key === key)
    return { chosen, asked: command, said: "" }
}

function order({ line, view }: Watched, { name }: OperatorCommand) {
    return line.command(name)
        ? `${name}: ordered`
        : `${name}: ${nameOf({ view })} cannot be reached`
}

function nameOf({ view }: Pick<Watched, "view">) {
    return view.name ? `board ${view.name}` : view.where
}

interface BoardProps {
    view: BoardView
    width: number
    isChosen: boolean
}

function Board({ view, width, isChosen }: BoardProps) {
    const { status, counters } = view
    const value = (key: string) => status[key] ?? "-"
    const row = (label: string, text: string) =>
        h(
            Text,
            { key: label, wrap: "truncate" },
            label.padEnd(LABEL_WIDTH),
            h(Text, { color: COLORS[text] }, text),
        )
    const rate = (label: string, all: number[]) => {
        const shown = all.slice(-Math.max(1, width - NOT_SPARK))
        const spark = shown.length ? sparkly(shown, { minimum: 0 }) : ""
        return row(label, `${spark} ${shown.at(-1) ?? 0}`)
    }
    const pool = counters.pool
        ? `${counters.pool}/24 blocks  ${counters.tasks}/12 tasks`
        : "-"
    return h(
        Box,
        {
            flexDirection: "column",
            width,
            height: BOARD_ROWS,
            borderStyle: isChosen ? "bold" : "single",
            borderColor: view.isConnected ? undefined : "red",
            paddingX: 1,
        },
        h(
            Text,
            { bold: true, wrap: "truncate" },
            `${nameOf({ view })}  ${view.isConnected ? view.where : view.why}`,
        ),
        row("serves", value("serves")),
        row("volume a", value("volume.a")),
        row("volume b", value("volume.b")),
        row("partner", value("partner")),
        row("fence", value("fence")),
        row("card", value("card")),
        row("sessions", value("sessions")),
        rate("writes/s", view.rates.writes),
        rate("reads/s", view.rates.reads),
        row("free", pool),
    )
}

function Entry({ entry: { at, board, text } }: { entry: LogEntry }) {
    const time = at.toISOString().slice(11, 23)
    return h(Text, { wrap: "truncate" }, `${time} ${board} ${text}`)
}

interface KeysProps {
    board: string
    asked?: OperatorCommand
    said: string
}

function Keys({ board, asked, said }: KeysProps) {
    const keys = OPERATOR_COMMANDS.map(c => `${c.key} ${c.name}`)
    const text = asked
        ? `${board} ${asked.says}. Do it? y/n`
        : `${keys.join("  ")}  tab other board  q quit  ${said}`
    return h(
        Box,
        { height: KEY_ROWS, overflow: "hidden" },
        h(Text, { inverse: Boolean(asked) }, text),
    )
}

/** The terminal's size, as it is now. */
function useSize() {
    const { stdout } = useStdout()
    const now = () => ({ columns: stdout.columns, rows: stdout.rows })
    const [size, setSize] = useState(now)
    useEffect(() => {
        const changed = () => setSize(now())
        stdout.on("resize", changed)
        return () => void stdout.off("resize", changed)
    }, [stdout])
    return size
}

/** Draws anew, but not for each line of many. */
const DRAW_MS = 50

function useChanges(monitor: Monitor) {
    const [, draw] = useState(0)
    useEffect(() => {
        let timer: NodeJS.Timeout | undefined
        const changed = () => {
            timer ??= setTimeout(() => {
                timer = undefined
                draw(n => n + 1)
            }, DRAW_MS)
        }
        monitor.on("change", changed)
        return () => {
            clearTimeout(timer)
            monitor.off("change", changed)
        }
    }, [monitor])
}
