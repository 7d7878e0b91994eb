/** `npm start` as a person sees it: a process, what it prints, how it ends. */
import type { ChildProcess } from "node:child_process"
import path from "node:path"
import type { TestContext } from "node:test"
import type { Portal } from "../../devs/bench/pair.ts"
import { ROOT } from "../../devs/vm/program.ts"
import { CONTROL, PORTALS, SERIAL } from "./live.ts"
import { ended, start, type Ended } from "./tools.ts"

const text = ({ ip, port }: Portal) => `${ip}:${port}`

/** Options that give this process's own addresses, but for hosts. */
export const OWN_CONSOLES = [
    ...["--control", text(CONTROL)],
    ...["--serial-a", text(SERIAL.a)],
    ...["--serial-b", text(SERIAL.b)],
]

/** Options that give this process's own addresses. */
export const OWN_ADDRESSES = [
    ...["--portal-a", text(PORTALS.a)],
    ...["--portal-b", text(PORTALS.b)],
    ...OWN_CONSOLES,
]

const NODE = [
    process.execPath,
    "--import",
    // by its address: a test may start the tool in a folder of its own
    import.meta.resolve("tsx"),
    path.join(ROOT, "devs/tools/start.ts"),
]
const NPM = ["npm", "start", "--silent", "--"]

export class StartTool {
    readonly ended: Promise<Ended>
    private output = ""
    private readonly watchers = new Set<() => void>()

    private constructor(readonly child: ChildProcess) {
        this.ended = ended(child)
        child.stdout?.on("data", d => {
            this.output += d
            for (const w of this.watchers) w()
        })
    }

    /** Runs the tool itself. */
    static run(t: TestContext, args: string[], cwd = ROOT): StartTool {
        const [program, ...rest] = NODE
        return new StartTool(start(t, program, [...rest, ...args], { cwd }))
    }

    /** Runs it as the README says. */
    static npm(t: TestContext, args: string[]): StartTool {
        const [program, ...rest] = NPM
        const options = { cwd: ROOT }
        return new StartTool(start(t, program, [...rest, ...args], options))
    }

    /** Runs it on this process's own addresses until it is ready. */
    static async ready(t: TestContext, state: string): Promise<StartTool> {
        const args = [...OWN_ADDRESSES, "--state", state]
        const tool = StartTool.run(t, args)
        await tool.prints(/^ready$/m)
        return tool
    }

    /** Resolves when it has printed something like this. */
    async prints(what: RegExp): Promise<string> {
        const printed = new Promise<string>(resolve => {
            const look = () => {
                if (!what.test(this.output)) return
                this.watchers.delete(look)
                resolve(this.output)
            }
            this.watchers.add(look)
            look()
        })
        const tooEarly = this.ended.then(e => {
            throw new Error(`ended without ${what}:\n${e.stdout}${e.stderr}`)
        })
        return Promise.race([printed, tooEarly])
    }

    /** @returns how it ended after a signal */
    stop(signal: NodeJS.Signals): Promise<Ended> {
        this.child.kill(signal)
        return this.ended
    }
}
