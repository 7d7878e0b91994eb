/** `npm run selftest`: the hardware self-test on two simulated boards. */
import { Command, Option } from "commander"
import { BOARD_NAMES, picoSpeed, type BoardName } from "../bench/pair.ts"
import { Desk } from "../selftest/desk.ts"
import { WIRING_FAULTS } from "../selftest/index.ts"

interface Options {
    fault?: string
    board: BoardName
    list?: boolean
}

const program = new Command()
    .name("npm run selftest --")
    .description(
        "Plays the self-test on two simulated boards at a Pico's speed, in " +
            "virtual time, and does what they ask a person to do: take the " +
            "cable between them out, and put it in. Ends with status 1 when " +
            "a board has not passed.",
    )
    .addOption(
        new Option("--fault <name>", "breaks something first; see --list"),
    )
    .addOption(
        new Option("--board <name>", "the board on which it is broken")
            .choices(BOARD_NAMES)
            .default("a"),
    )
    .option("--list", "lists what may be broken")
    .action((opts: Options) => (opts.list ? list() : play(opts)))

function list() {
    const names = [...WIRING_FAULTS.keys()]
    const width = Math.max(...names.map(n => n.length))
    for (const { name, about } of WIRING_FAULTS.values())
        console.log(`${name.padEnd(width)}  ${about}`)
}

function play({ fault: name, board }: Options) {
    const fault = name === undefined ? undefined : WIRING_FAULTS.get(name)
    if (name !== undefined && !fault)
        program.error(`there is no fault ${name}: --list has them all`)
    const desk = new Desk({
        fault,
        board,
        speed: picoSpeed(),
        onLine: (ms, from, text) =>
            console.log(`${ms.toFixed(0).padStart(7)} ${from}: ${text}`),
    })
    const found = desk.run()
    const hasPassed = BOARD_NAMES.every(n => found[n].end === "selftest passed")
    process.exitCode = hasPassed ? 0 : 1
}

program.parse()
