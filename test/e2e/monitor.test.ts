/** The monitor, in a terminal and without one, on simulated boards. */
import assert from "node:assert/strict"
import path from "node:path"
import { test } from "node:test"
import { ask, untilState } from "../support/control.ts"
import { SERIAL } from "../support/live.ts"
import { StartTool } from "../support/starttool.ts"
import { Terminal } from "../support/terminal.ts"
import { needs, start, temporaryFolder } from "../support/tools.ts"
import { ROOT } from "../../devs/vm/program.ts"

const options = { ...needs("tmux"), timeout: 120_000 }
const PORTS = [SERIAL.a, SERIAL.b].map(({ ip, port }) => `tcp:${ip}:${port}`)
const MONITOR = [
    process.execPath,
    "--import",
    import.meta.resolve("tsx"),
    path.join(ROOT, "devs/tools/monitor.ts"),
    ...["--port", ...PORTS],
]

/** Board a's column says one thing, b's another. */
const row = (label: string, a: string, b: string) => (screen: string) =>
    new RegExp(`[┃│] ${label} +${a} +[┃│]+ ${label} +${b} +[┃│]`).test(screen)
const isHome = row("serves", "a", "b")
const isMirrored = row("volume a", "mirrored", "mirror")

/** Boxes stand side by side, and no line is longer than the screen. */
function assertWhole(lines: string[], columns: number) {
    for (const line of lines) assert.ok(line.length <= columns, line)
    const boxes = lines.filter(line => /^[┏┃┗┌│└]/.test(line))
    assert.equal(boxes.length, 13)
    const half = Math.floor(columns / 2)
    for (const line of boxes) {
        assert.equal(line.length, 2 * half, line)
        const [left, right] = [line.slice(0, half), line.slice(half)]
        for (const side of [left, right])
            assert.match(side, /^[┏┃┗┌│└].*[┓┃┛┐│┘]$/)
    }
}

test(
    "a takeover, and a giveback by key, as the screen shows them",
    options,
    async t => {
        await StartTool.ready(t, temporaryFolder(t))
        const words = MONITOR.map(word => `'${word}'`).join(" ")
        // where CI is set, Ink draws nothing before the end
        const command = `env -u CI ${words}`
        const terminal = await Terminal.open(t, 80, 24, command)
        await terminal.until(s => isHome(s) && isMirrored(s))
        assertWhole(await terminal.lines(), 80)

        const off = ask("POST", "/boards/a/power", { on: false })
        const ms = await terminal.until(s => /serves +b,a /.test(s))
        await off
        t.diagnostic(`the takeover is on the screen after ${ms.toFixed(0)} ms`)
        assert.ok(ms < 1000)
        await terminal.until(s => /b took over after \d+ ms/.test(s))

        await ask("POST", "/boards/a/power", { on: true })
        await terminal.until(s => isHome(s) && isMirrored(s))
        // b takes a's volume, and gives it back
        await terminal.press("Tab", "t")
        await terminal.until(s => /board b serves its partner's volume/.test(s))
        await terminal.press("y")
        await terminal.until(s => /serves +b,a /.test(s))
        await terminal.press("g")
        await terminal.until(s => /Do it\? y\/n/.test(s))
        await terminal.press("n")
        await terminal.press("g", "y")
        await terminal.until(s => isHome(s) && isMirrored(s))

        for (const [columns, rows] of [
            [200, 60],
            [80, 24],
        ]) {
            await terminal.resize(columns, rows)
            const isDrawn = (s: string) => s.split("\n")[1].length === columns
            await terminal.until(s => isDrawn(s) && isHome(s))
            assertWhole(await terminal.lines(), columns)
        }
    },
)

test(
    "without a terminal it prints lines, for people or programs",
    options,
    async t => {
        await StartTool.ready(t, temporaryFolder(t))
        const [node, ...args] = MONITOR
        const child = start(t, node, [...args, "--json"])
        const seen: { board: string; text: string }[] = []
        let rest = ""
        const saw = (wanted: (e: (typeof seen)[0]) => boolean) =>
            new Promise<void>(done => {
                const look = () => seen.some(wanted) && done()
                child.stdout?.on("data", look)
                look()
            })
        child.stdout?.on("data", data => {
            const lines = (rest + data).split("\n")
            rest = lines.pop() ?? ""
            for (const line of lines) seen.push(JSON.parse(line))
        })
        await saw(e => e.board === "a" && /^status serves=a /.test(e.text))
        await saw(e => e.board === "b" && /^status serves=b /.test(e.text))
        await ask("POST", "/boards/b/power", { on: false })
        await saw(e => e.board === "b" && /^no line to tcp:/.test(e.text))
        await saw(e => e.board === "a" && /^took over/.test(e.text))
        await ask("POST", "/boards/b/power", { on: true })
        await saw(e => e.board === "a" && e.text === "volume b given back")
        await untilState(s => s.mirrored)
    },
)
