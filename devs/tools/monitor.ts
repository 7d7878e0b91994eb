/** `npm run monitor`: one or both boards, over their serial ports. */
import { appendFileSync } from "node:fs"
import { Command } from "commander"
import { render } from "ink"
import { createElement } from "react"
import { Monitor } from "../monitor/monitor.ts"
import { jsonLine, plainLine } from "../monitor/plain.ts"
import { Screen } from "../monitor/screen.ts"

interface Options {
    port: string[]
    log?: string
    json?: boolean
    plain?: boolean
}

/** Where `npm start` has the boards' consoles. */
const SIMULATED = ["tcp:127.0.0.1:8012", "tcp:127.0.0.1:8013"]

const program = new Command()
    .name("npm run monitor --")
    .description(
        "Shows what one or both boards say and serve, and tells them commands. " +
            "Prints lines where there is no terminal.",
    )
    .option(
        "--port <port...>",
        "serial ports, as /dev/ttyACM0, or tcp:HOST:PORT of simulated boards",
        SIMULATED,
    )
    .option("--log <file>", "also append each line to a file")
    .option("--json", "print JSON, one object a line")
    .option("--plain", "print lines, also on a terminal")
    .action(watch)

async function watch({ port, log, json, plain }: Options) {
    const monitor = new Monitor(port)
    if (log) monitor.on("entry", e => appendFileSync(log, `${plainLine(e)}\n`))
    const isScreen = process.stdout.isTTY && !json && !plain
    if (!isScreen)
        monitor.on("entry", e => console.log(json ? jsonLine(e) : plainLine(e)))
    monitor.start()
    if (!isScreen) {
        process.once("SIGINT", () => monitor.end())
        process.once("SIGTERM", () => monitor.end())
        return
    }
    const screen = render(createElement(Screen, { monitor }))
    await screen.waitUntilExit()
    monitor.end()
}

await program.parseAsync()
