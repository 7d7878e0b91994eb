/**
 * What an operator tells this board: services/operator.md. Commands come as
 * Jacdac packets. Each is answered on the console with one line, for reports
 * of a program's own services never reach the wire.
 *
 * `startServer` would announce the service every 500 ms, and allocate each
 * time. But the VM asks for no announcement and no role: it hands whatever
 * command is addressed to the program's own device to `_onServerPacket`, in a
 * new fiber. So a board that is told nothing pays nothing.
 */
import * as ds from "@devicescript/core"
import { commandName, OPERATOR_RUN, OPERATOR_SERVICE } from "../wire/operator"
import { event } from "./events"

export interface Command {
    name: string
    /** Called by the main loop. @returns why it is refused, if it is */
    run: () => Promise<string | undefined>
}

type Hooks = typeof ds & {
    _onServerPacket: (packet: ds.Packet | undefined) => Promise<void>
}

/** none while the board is starting */
let commands: Command[] = []
let wake: () => void
/** What the main loop shall run by `runCommand`, or is running. */
export let pendingCommand: Command | undefined

/** From now on operators get answers. */
export function listenToOperator() {
    ;(ds as Hooks)._onServerPacket = received
}

/**
 * The main loop is ready.
 * @param known what an operator can tell the board
 * @param wakeMain called when there is a `pendingCommand`
 */
export function takeCommands(known: Command[], wakeMain: () => void) {
    commands = known
    wake = wakeMain
}

async function received(packet: ds.Packet | undefined) {
    // of a packet for service index 0xff the VM tells nothing
    if (!packet || packet.serviceIndex !== OPERATOR_SERVICE) return
    if (packet.serviceCommand !== OPERATOR_RUN) return
    const name = commandName(packet.payload)
    if (name === "") event("command malformed: no name of 1 to 16 characters")
    else order(name)
}

/** Leaves a command to the main loop, or says why not. */
export function order(name: string) {
    if (commands.length === 0) return answer(name, "starting")
    let known = ""
    for (let i = 0; i < commands.length; ++i) {
        if (commands[i].name === name) return accept(commands[i])
        known += (i === 0 ? "" : ", ") + commands[i].name
    }
    event(`command unknown: "${name}"; known: ${known}`)
}

function accept(command: Command) {
    if (pendingCommand)
        return answer(command.name, `busy with ${pendingCommand.name}`)
    pendingCommand = command
    wake()
}

/** The main loop's part. @param command the pending one */
export async function runCommand(command: Command) {
    const why = await command.run()
    pendingCommand = undefined
    answer(command.name, why)
}

function answer(name: string, why: string | undefined) {
    event(`command ${name}: ${why ? "refused: " + why : "done"}`)
}
