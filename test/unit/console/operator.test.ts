/** Commands of an operator: what is one, which are known, and who runs them. */
import assert from "node:assert/strict"
import { beforeEach, describe, mock, test } from "node:test"
import { bytes, text, useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const { commandName } = await import("../../../src/wire/operator.ts")
const operator = await import("../../../src/console/operator.ts")

describe("a payload", () => {
    for (const name of ["status", "a", "serve-alone", "!~", "x".repeat(16)])
        test(`may be "${name}"`, () => {
            assert.equal(commandName(text(name)), name)
        })

    for (const [what, payload] of [
        ["nothing", bytes("")],
        ["17 characters", text("x".repeat(17))],
        ["232 bytes", text("x".repeat(232))],
        ["with a space", text("serve alone")],
        ["with a zero at the end", text("status\0")],
        ["not ASCII", text("état")],
        ["a byte that is no character", bytes("7f")],
        ["half of a character", bytes("73 c3")],
    ] as const)
        test(`is no name: ${what}`, () => {
            assert.equal(commandName(payload), "")
        })
})

describe("a command", () => {
    const said: string[] = []
    let woken = 0
    let why: string | undefined
    let ran: string[] = []
    const command = (name: string) => ({
        name,
        run: () => {
            ran.push(name)
            return Promise.resolve(why)
        },
    })
    const known = [command("one"), command("two")]

    /** As the main loop does. */
    async function runPending() {
        const { pendingCommand } = operator
        assert.ok(pendingCommand)
        await operator.runCommand(pendingCommand)
    }

    beforeEach(() => {
        mock.method(console, "log", (line: string) => said.push(line))
        operator.takeCommands(known, () => void woken++)
        said.length = woken = 0
        ran = []
        why = undefined
    })

    test("is run by the main loop, and then answered", async () => {
        operator.order("two")
        assert.deepEqual([woken, ran, said], [1, [], []])
        await runPending()
        assert.deepEqual(ran, ["two"])
        assert.deepEqual(said, ["?: command two: done"])
        assert.equal(operator.pendingCommand, undefined)
    })

    test("may be refused", async () => {
        why = "no reason"
        operator.order("one")
        await runPending()
        assert.deepEqual(said, ["?: command one: refused: no reason"])
    })

    test("waits for nobody: a second one is refused", async () => {
        operator.order("one")
        operator.order("two")
        operator.order("one")
        assert.deepEqual(said, [
            "?: command two: refused: busy with one",
            "?: command one: refused: busy with one",
        ])
        await runPending()
        operator.order("two")
        await runPending()
        assert.deepEqual([ran, woken], [["one", "two"], 2])
    })

    for (const name of ["three", "on", "ones", "One", "toString"])
        test(`is not known as "${name}"`, () => {
            operator.order(name)
            assert.deepEqual(said, [
                `?: command unknown: "${name}"; known: one, two`,
            ])
            assert.deepEqual([woken, operator.pendingCommand], [0, undefined])
        })

    test("comes too early while the board is starting", () => {
        operator.takeCommands([], () => void woken++)
        operator.order("one")
        assert.deepEqual(said, ["?: command one: refused: starting"])
        assert.equal(woken, 0)
    })
})
