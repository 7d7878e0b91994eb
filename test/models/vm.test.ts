/** The VM out of DeviceScript's CLI, and firmware that dies in it. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { FirmwarePanic } from "../../devs/bench/board.ts"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import {
    addCounters,
    counterPlan,
    countingVm,
    VmCounters,
} from "../../devs/vm/counting.ts"
import { heapUse, liveHeapUse } from "../../devs/vm/heap.ts"
import { buildProgram, ROOT } from "../../devs/vm/program.ts"
import {
    KNOWN_CLI_VERSION,
    sliceVm,
    VmLayoutError,
    vmSource,
} from "../../devs/vm/source.ts"
import { LoneBoard, type LoneOptions } from "./support/board.ts"

const FAULTS = "test/vm/faults.ts"

/// The CLI's layout ///

const cli = readFileSync(vmSource().file, "utf8")

test("the VM is found in the CLI that is installed", () => {
    const { glue, wasm } = sliceVm(cli, "cli.cjs", KNOWN_CLI_VERSION)
    assert.deepEqual([...wasm.subarray(0, 4)], [0, 0x61, 0x73, 0x6d])
    assert.ok(WebAssembly.validate(wasm))
    assert.ok(glue.length < 500_000, "without its WASM")
})

/** What another version of the CLI may have elsewhere. */
const MANGLED: Record<string, (text: string) => string> = {
    "the VM module": text => text.replaceAll("devicescript-vm.js", "vm.mjs"),
    "the end of the VM module": text => text.replaceAll("\n});\n", "\n}})\n"),
    "the VM's WASM": text => text.replaceAll("wasmBinaryFile =", "binary ="),
    "the hook for instantiation": text =>
        text.replaceAll("instantiateWasm", "instantiate"),
}

for (const [what, mangle] of Object.entries(MANGLED))
    test(`a CLI without ${what} is an error that says what to do`, () => {
        assert.throws(
            () => sliceVm(mangle(cli), "cli.cjs", "2.99.0"),
            (e: Error) => {
                assert.ok(e instanceof VmLayoutError)
                assert.ok(e.message.includes(`cannot find ${what} in`))
                assert.match(e.message, /@devicescript\/cli 2\.99\.0/)
                assert.ok(e.message.includes(KNOWN_CLI_VERSION))
                assert.match(e.message, /npm ci/)
                return true
            },
        )
    })

test("a VM without the functions that are counted is such an error, too", () => {
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
    assert.throws(
        () => addCounters(counterPlan(false), empty),
        (e: Error) =>
            e instanceof VmLayoutError &&
            /a function like \^jd_gc_any_try_alloc\$ in the VM's WASM/.test(
                e.message,
            ),
    )
})

/// Panics ///

/** Where a line of the program is that has this comment. */
function lineOf(comment: string): string {
    const lines = readFileSync(path.join(ROOT, FAULTS), "utf8").split("\n")
    const n = lines.findIndex(l => l.endsWith(`// ${comment}`))
    assert.ok(n >= 0, comment)
    return `${FAULTS}:${n + 1}`
}

function faulty(fault: string, options: LoneOptions = {}) {
    const settings = { fault }
    return new LoneBoard(FAULTS, { settings, ...options })
}

const PANICS: Record<string, { says: RegExp; stack: [string, string][] }> = {
    unhandled: {
        says: /^board lone: unhandled exception\n.*message: something is wrong/s,
        stack: [
            ["deeper", "here"],
            ["unhandled", "called here"],
        ],
    },
    fiber: {
        says: /^board lone: unhandled exception\n.*message: in a fiber/s,
        stack: [
            ["deeper", "here"],
            ["fiber", "in a fiber here"],
        ],
    },
    endless: {
        says: /^board lone: endless loop\n/,
        stack: [["endless", "turns here"]],
    },
    hoarding: {
        says: /^board lone: out of memory\n/,
        stack: [["hoarding", "out of memory here"]],
    },
}

for (const [fault, { says, stack }] of Object.entries(PANICS))
    test(`${fault}: the panic shows the stack, with files and lines`, () => {
        const lone = faulty(fault)
        lone.world.runUntil(5e6)
        const [panic] = lone.panics
        assert.ok(panic instanceof FirmwarePanic)
        assert.match(panic.message, says)
        let from = 0
        for (const [fn, comment] of stack) {
            const at = panic.message.indexOf(` ${fn} (${lineOf(comment)})`)
            assert.ok(at > from, `${fn}, ${comment}:\n${panic.message}`)
            from = at
        }
        assert.equal(lone.board.stats.panics, lone.panics.length)
    })

test("a program that panicked starts again, and its next panic is told alone", () => {
    const lone = faulty("unhandled")
    lone.world.runUntil(12e6)
    assert.ok(lone.panics.length >= 2)
    assert.equal(lone.panics[1].message, lone.panics[0].message)
})

test("exceptions that are handled are no panics, nor is a restart", () => {
    for (const [fault, line] of [
        ["handled", /^> handled caught/],
        ["restart", /RESTART requested/],
    ] as const) {
        const lone = faulty(fault)
        lone.until(line)
        lone.world.runUntil(lone.world.now + 1e6)
        assert.deepEqual(lone.panics, [])
    }
})

test("reboot() takes the board through its start again", () => {
    const lone = faulty("reboot")
    lone.world.runUntil(5e6)
    const starts = lone.lines.filter(l => l === "> fault reboot").length
    assert.ok(starts >= 3 && starts <= 4, `${starts} starts in 5 s`)
    assert.deepEqual(lone.panics, [])
})

/// A test fails in which firmware dies ///

function dyingPair() {
    const program = buildProgram(FAULTS)
    return new VirtualBench({ program, seed: 1, speed: unlimitedSpeed() })
}

const dies = (e: unknown) =>
    e instanceof FirmwarePanic && e.message.includes(lineOf("here"))

test("whatever a test waits for, it gets the panic", async () => {
    assert.throws(() => dyingPair().boot(), dies)
    const running = dyingPair()
    running.pair.setPower(true)
    assert.throws(() => running.run(3e6), dies)
    const waiting = dyingPair()
    waiting.pair.setPower(true)
    assert.throws(() => waiting.runWhile(() => true, 3e6, "nothing"), dies)
})

test("a script cannot hide the panic, nor end before it", async () => {
    for (const after of [
        async () => {},
        async () => {
            throw new Error("of the script")
        },
    ]) {
        const bench = dyingPair()
        bench.pair.setPower(true)
        const script = async () => {
            await bench.script.sleep(3e6)
            await after()
        }
        await assert.rejects(bench.runScript(script), dies)
    }
})

/// Side by side ///

test("VMs in one process have clocks, settings and consoles of their own", () => {
    const boards = ["handled", "endless", "handled"].map(f => faulty(f))
    boards[0].world.runUntil(3e6)
    assert.deepEqual(
        boards.map(b => b.lines.includes("> handled caught")),
        [true, false, false],
    )
    boards[1].world.runUntil(3e6)
    assert.equal(boards[0].panics.length, 0)
    assert.equal(boards[1].panics.length, 1)
    boards[2].world.runUntil(3e6)
    assert.deepEqual(boards[2].lines, boards[0].lines)
})

/// Counting ///

test("a VM that counts does what the plain one does", () => {
    const plain = faulty("handled")
    const counting = faulty("handled", { vm: countingVm() })
    for (const b of [plain, counting]) b.world.runUntil(3e6)
    assert.deepEqual(counting.lines, plain.lines)
    const counters = new VmCounters(counting.board.instance!.exports)
    assert.ok(counters.opcodes > 100)
    assert.ok(counters.calls > counters.natives)
    assert.ok(counters.allocBytes > 1000)
    assert.equal(new VmCounters(plain.board.instance!.exports).opcodes, 0)
})

test("a profile sees every opcode, and where in the program it stands", () => {
    const pcs: number[] = []
    const lone = faulty("handled", { vm: countingVm(pc => pcs.push(pc)) })
    lone.until(/handled caught/)
    const { opcodes } = new VmCounters(lone.board.instance!.exports)
    assert.equal(pcs.length, opcodes)
    const { symbols } = buildProgram(FAULTS)
    const places = new Set(
        pcs.map(pc => symbols.place(pc)).map(p => `${p.fn} ${p.file}`),
    )
    assert.ok(places.has(`deeper ${FAULTS}`))
    assert.ok(!places.has(`endless ${FAULTS}`), "which is not called")
})

test("the heap is walked: 64 KB, and what is held there", () => {
    const lone = new LoneBoard("test/vm/costs.ts", { vm: countingVm() })
    lone.until(/cost begin/)
    const vm = lone.board.instance!
    const use = heapUse(vm)
    assert.ok(use.used + use.free > 60 * 1024 && use.used + use.free <= 65536)
    assert.ok(use.largestFree <= use.free)
    // costs.ts holds 512 + 512 + 4 + 2052 B
    const held = use.byTag.buffer.bytes
    assert.ok(held > 3080 && held < 3080 + 512, `${held} B of buffers`)
    const live = liveHeapUse(vm)
    assert.ok(live.used <= use.used)
})

/// Programs ///

test("symbols know functions and lines, and leave other text alone", () => {
    const { symbols, image } = buildProgram(FAULTS)
    assert.ok(symbols.codeEnd > 0 && symbols.codeEnd < image.length)
    for (const line of ["", "!  at nothing_F999 (pc:1)", "> at f (pc:3)"])
        assert.equal(symbols.annotate(line), line)
})
