/** DeviceScript in Node must be what it is in the VM. */
import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { VmInstance } from "../../devs/vm/instance.ts"
import { buildProgram } from "../../devs/vm/program.ts"
import { useDeviceScript } from "../support/devicescript.ts"

useDeviceScript()

/** How many milliseconds the VM gets: it starts a program after a second. */
const LIMIT_MS = 5000

/** What test/vm/semantics.ts says in the VM. */
function saidByVm(): string[] {
    const said: string[] = []
    let nowUs = 0
    const vm = new VmInstance({
        deviceId: "0011223344556677",
        nowUs: () => nowUs,
        random: size => new Uint8Array(size),
        console: line => said.push(line),
        panic: code => assert.fail(`panic ${code}`),
        door: () => 0,
        reboot: () => assert.fail("reboot"),
    })
    vm.deploy(buildProgram("test/vm/semantics.ts").image)
    const isOver = () => said.includes("> = end")
    for (; !isOver() && nowUs < LIMIT_MS * 1000; nowUs += 1000) vm.process()
    assert(isOver(), "the program has not come to its end")
    return said.filter(s => s.startsWith("> =")).map(s => s.slice(2))
}

async function saidByNode(): Promise<string[]> {
    const log = mock.method(console, "log", () => {})
    await import("../vm/semantics.ts")
    log.mock.restore()
    return log.mock.calls.map(call => String(call.arguments[0]))
}

test("buffers, numbers and texts are the same in Node and in the VM", async () => {
    const expected = saidByVm()
    assert(expected.length > 200)
    assert.deepEqual(await saidByNode(), expected)
})
