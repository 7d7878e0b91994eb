/**
 * A shell as a person has it, and further terminals beside it. All that can be
 * run in it are programs that it was given: really, or as stand-ins that note
 * how they were called.
 */
import assert from "node:assert/strict"
import type { ChildProcessWithoutNullStreams } from "node:child_process"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import path from "node:path"
import { StringDecoder } from "node:string_decoder"
import type { TestContext } from "node:test"
import { ended, start, type Ended } from "./tools.ts"

/** Reads commands from its input, each up to a zero, and says how each ended. */
const LOOP = `exec 3<&0 </dev/null 2>&1
while IFS= read -r -d '' -u 3 command
do eval "$command" 3<&-; printf '\\n%s %s\\n' "$MARK" "$?"; done`
const MARK = "--ended--"
const REAL_PATH = `${process.env.PATH}:/usr/sbin:/sbin`

/** A call of a stand-in: its name and arguments. */
export type Call = string[]

export class Shell {
    /** what was printed in all terminals, line by line */
    readonly lines: string[] = []
    private readonly bin: string
    private readonly log: string
    private readonly env: NodeJS.ProcessEnv
    private readonly shell: ChildProcessWithoutNullStreams
    private readonly others: {
        line: string
        child: ChildProcessWithoutNullStreams
        end: Promise<Ended>
    }[] = []
    private readonly watchers = new Set<() => void>()
    private calls = 0

    /**
     * @param real programs that are run
     * @param standIns programs that are not, and what each prints
     */
    constructor(
        private readonly t: TestContext,
        readonly cwd: string,
        real: string[],
        standIns: Record<string, string>,
    ) {
        this.bin = path.join(cwd, ".bin")
        this.log = path.join(cwd, ".calls")
        mkdirSync(this.bin)
        writeFileSync(this.log, "")
        for (const name of real) this.addReal(name)
        for (const [name, prints] of Object.entries(standIns))
            this.addStandIn(name, prints)
        this.env = { PATH: this.bin, USER: "ada", MARK, HOME: cwd }
        this.shell = start(t, "/bin/bash", ["-c", LOOP], {
            cwd,
            env: this.env,
            detached: true,
        })
        this.collect(this.shell.stdout)
    }

    /** Runs a command to its end. @returns its exit status */
    async run(command: string): Promise<number> {
        const from = this.lines.length
        this.shell.stdin.write(`${command}\0`)
        const isEnd = (line: string) => line.startsWith(`${MARK} `)
        await this.until(() => this.lines.slice(from).some(isEnd))
        const at = this.lines.findIndex((l, k) => k >= from && isEnd(l))
        const [end] = this.lines.splice(at, 1)
        return Number(end.split(" ")[1])
    }

    /** Runs a command in a terminal of its own until it has printed a line. */
    async open(command: string, ready: RegExp) {
        const from = this.lines.length
        const child = start(this.t, "/bin/bash", ["-c", `exec ${command}`], {
            cwd: this.cwd,
            env: this.env,
            detached: true,
        })
        const end = ended(child)
        this.others.push({ line: command, child, end })
        this.collect(child.stdout)
        this.collect(child.stderr)
        const isReady = () => this.lines.slice(from).some(l => ready.test(l))
        const tooEarly = end.then(e => {
            throw new Error(`${command} ended:\n${e.stdout}${e.stderr}`)
        })
        await Promise.race([this.until(isReady), tooEarly])
    }

    /** Resolves when something is so, looked at whenever a line is printed. */
    async until(isSo: () => boolean, limitMs?: number): Promise<void> {
        let look = () => {}
        let limit: NodeJS.Timeout | undefined
        await new Promise<void>((resolve, reject) => {
            look = () => isSo() && resolve()
            this.watchers.add(look)
            if (limitMs)
                limit = setTimeout(
                    () => reject(new Error(`not within ${limitMs} ms`)),
                    limitMs,
                )
            look()
        }).finally(() => {
            clearTimeout(limit)
            this.watchers.delete(look)
        })
    }

    /** Calls of stand-ins since the last look. */
    newCalls(): Call[] {
        const all = readFileSync(this.log, "utf8").split("\n").slice(0, -1)
        const news = all.slice(this.calls)
        this.calls = all.length
        return news.map(line => line.split("\t"))
    }

    /** Ctrl-C in all other terminals: each ends well. */
    async close() {
        for (const { line, child, end } of this.others.reverse()) {
            child.kill("SIGTERM")
            const { code, stderr } = await end
            assert.equal(code, 0, `${line}\n${stderr}`)
        }
        this.shell.stdin.end()
    }

    private collect(stream: NodeJS.ReadableStream) {
        const decoder = new StringDecoder("utf8")
        let rest = ""
        stream.on("data", (data: Buffer) => {
            const parts = (rest + decoder.write(data)).split("\n")
            rest = parts.pop() ?? ""
            this.lines.push(...parts)
            for (const look of this.watchers) look()
        })
    }

    private addReal(name: string) {
        const file = REAL_PATH.split(":")
            .map(dir => path.join(dir, name))
            .find(existsSync)
        assert.ok(file, `${name} is not there`)
        // a program may run others, and stand-ins among them
        this.add(name, `PATH='${this.bin}:${REAL_PATH}' exec '${file}' "$@"`)
    }

    private addStandIn(name: string, prints: string) {
        this.add(
            name,
            `( printf '%s' '${name}'; [ $# = 0 ] || printf '\\t%s' "$@"; echo ) >>'${this.log}'`,
            prints && `echo '${prints}'`,
        )
    }

    private add(name: string, ...lines: string[]) {
        const text = ["#!/bin/sh", ...lines, ""].join("\n")
        writeFileSync(path.join(this.bin, name), text, { mode: 0o755 })
    }
}
