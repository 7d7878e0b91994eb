/** A board whose settings are damaged says which, and serves nothing. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { VirtualBench } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"

const NET = { ip: "10.0.0.11", mac: "02545700000a" }

/** What board a was flashed with, and the word that it must say. */
const WRONG: Record<string, [key: string, value: unknown, says: string]> = {
    "no name": ["tw.board", { pair: 7, mib: 1 }, "tw.board.name"],
    "a name that is neither": [
        "tw.board",
        { name: "c", pair: 7, mib: 1 },
        "tw.board.name",
    ],
    "a board that is a number": ["tw.board", 5, "tw.board.name"],
    "no pair": ["tw.board", { name: "a", mib: 1 }, "tw.board.pair"],
    "a pair in words": [
        "tw.board",
        { name: "a", pair: "seven", mib: 1 },
        "tw.board.pair",
    ],
    "no size": ["tw.board", { name: "a", pair: 7 }, "tw.board.mib"],
    "an unknown way to mirror": [
        "tw.board",
        { name: "a", pair: 7, mib: 1, mirror: ["perhaps", "sync"] },
        "tw.board.mirror",
    ],
    "no network": ["tw.net", undefined, "tw.net"],
    "half an address": ["tw.net", { ...NET, ip: "10.0" }, "tw.net.ip"],
    "an address that is a number": ["tw.net", { ...NET, ip: 7 }, "tw.net.ip"],
    "half a MAC address": ["tw.net", { ...NET, mac: "0254" }, "tw.net.mac"],
    "a MAC address of other letters": [
        "tw.net",
        { ...NET, mac: "02545700000x" },
        "tw.net.mac",
    ],
    "no target": ["tw.target", undefined, "tw.target"],
    "a target that is a number": ["tw.target", 5, "tw.target"],
    "a name that is too long": ["tw.target", "n".repeat(80), "tw.target"],
    "half a key": ["tw.key", "13".repeat(16), "tw.key"],
    "half a secret": [
        "tw.chap",
        { user: "ada", secret: "short" },
        "tw.chap.secret",
    ],
    "settings of nobody": ["*", undefined, "tw.board"],
}

for (const [what, [key, value, says]] of Object.entries(WRONG))
    test(what, () => {
        const bench = new VirtualBench({
            program: buildProgram(),
            seed: 1,
            mib: 1,
            speed: unlimitedSpeed(),
            misflash: (board, right) => {
                if (board !== "a") return right
                return key === "*" ? {} : { ...right, [key]: value }
            },
        })
        bench.pair.setPower(true)
        bench.run(3e6)
        const line = bench.events.find(e => e.board === "a")?.text ?? "nothing"
        assert.match(line, /^settings damaged: .* Nothing is served: flash/)
        assert.ok(line.includes(says), line)
        assert.ok(!bench.said("a", /serves/))
        // and its partner does not take it for one to wait with
        assert.ok(bench.said("b", /^waiting for the partner/))
        assert.ok(!bench.said("b", /serves/))
    })

test("boards with two keys are no pair, and say why", () => {
    const bench = new VirtualBench({
        program: buildProgram(),
        seed: 1,
        mib: 1,
        speed: unlimitedSpeed(),
        misflash: (board, right) =>
            board === "a" ? right : { ...right, "tw.key": "13".repeat(32) },
    })
    bench.pair.setPower(true)
    bench.run(3e6)
    for (const board of ["a", "b"] as const) {
        assert.ok(!bench.said(board, /serves/))
        assert.ok(!bench.events.some(e => /(74|13){8}/.test(e.text)))
    }
    const told = /^link dropped: partner with another key/
    assert.ok(bench.said("a", told) || bench.said("b", told))
})
