/** A program in a terminal of a size, as tmux has it. */
import assert from "node:assert/strict"
import type { TestContext } from "node:test"
import { run } from "./tools.ts"

const POLL_MS = 20
/** A boot, a resync and a giveback take less. */
const LIMIT_MS = 20_000

export class Terminal {
    private constructor(
        private readonly t: TestContext,
        private readonly socket: string,
    ) {}

    /** Runs a command line in a new terminal. */
    static async open(
        t: TestContext,
        columns: number,
        rows: number,
        command: string,
    ): Promise<Terminal> {
        const terminal = new Terminal(t, `twinstore-${process.pid}`)
        const size = ["-x", String(columns), "-y", String(rows)]
        await terminal.tmux("new-session", "-d", ...size, command)
        t.after(() => terminal.tmux("kill-server"))
        return terminal
    }

    async resize(columns: number, rows: number) {
        const size = ["-x", String(columns), "-y", String(rows)]
        await this.tmux("resize-window", ...size)
    }

    /** Presses keys, by tmux's names. */
    async press(...keys: string[]) {
        await this.tmux("send-keys", ...keys)
    }

    /** What is on the screen, line by line. */
    async lines(): Promise<string[]> {
        return (await this.tmux("capture-pane", "-p")).split("\n")
    }

    /** @returns milliseconds until the screen was as wanted */
    async until(wanted: (screen: string) => boolean): Promise<number> {
        const since = performance.now()
        for (;;) {
            const screen = (await this.lines()).join("\n")
            const ms = performance.now() - since
            if (wanted(screen)) return ms
            assert.ok(ms < LIMIT_MS, `${wanted}: not in\n${screen}`)
            await new Promise(done => setTimeout(done, POLL_MS))
        }
    }

    private async tmux(...args: string[]) {
        return await run(this.t, "tmux", ["-L", this.socket, ...args])
    }
}
