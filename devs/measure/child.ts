/** A server in a process and a folder of its own, which it takes along. */
import { spawn, type ChildProcess, type StdioOptions } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"

/** What the server gets of a folder that is made for it. */
export interface Launch {
    program: string
    args: string[]
    cwd?: string
    env?: NodeJS.ProcessEnv
    stdio: StdioOptions
}

export class Child {
    readonly dir = mkdtempSync(path.join(tmpdir(), "twinstore-bench-"))
    readonly server: ChildProcess
    private readonly remove = () => {
        this.server.kill("SIGKILL")
        rmSync(this.dir, { recursive: true, force: true })
    }

    constructor(launch: (dir: string) => Launch) {
        const { program, args, ...options } = launch(this.dir)
        this.server = spawn(program, args, options)
        process.once("exit", this.remove)
    }

    get hasEnded() {
        return this.server.exitCode !== null || this.server.signalCode
    }

    /** Ends it at once: nothing that it has is wanted any more. */
    stop() {
        process.off("exit", this.remove)
        this.remove()
    }
}
