/** How two boards are wired: the table, and what is made from it. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { boardFile, KINDS } from "../../../devs/bundle/kinds.ts"
import { ROOT } from "../../../devs/vm/program.ts"
import { documentsOf } from "../../../devs/wiring/documents.ts"
import {
    holds,
    levelsOf,
    resetWithoutQ1,
    resetWithoutSupply,
} from "../../../devs/wiring/levels.ts"
import { costOf } from "../../../devs/wiring/markdown.ts"
import {
    CABLE,
    follow,
    netAt,
    partnerPin,
    wiringOf,
} from "../../../devs/wiring/nets.ts"
import { run } from "../../support/tools.ts"

const kinds = Object.keys(KINDS)

interface BoardFile {
    pins: Record<string, number>
    led: { pin: number }
    log?: { pinTX: number }
}

const definition = (kind: string) =>
    JSON.parse(readFileSync(boardFile(KINDS[kind]), "utf8")) as BoardFile

for (const kind of kinds) {
    const wiring = wiringOf(kind)
    const { controller, nets, parts } = wiring

    test(`${kind}: what is committed is what the table makes`, async () => {
        for (const { file, text } of await documentsOf(kind))
            assert.equal(
                readFileSync(path.join(ROOT, file), "utf8"),
                text,
                `${file} is old: run "npm run wiring -- --write"`,
            )
    })

    test(`${kind}: each pin of the board definition is wired once, no GPIO twice`, () => {
        const { pins, led, log } = definition(kind)
        const ends = nets.flatMap(n => n.ends)
        for (const pin of Object.keys(pins))
            assert.equal(ends.filter(e => e === `U1.${pin}`).length, 1, pin)
        const gpios = [...Object.values(pins), led.pin]
        if (log) gpios.push(log.pinTX)
        assert.equal(new Set(gpios).size, gpios.length)
        assert.deepEqual(
            controller.onBoard.map(o => o.gpio),
            gpios.slice(Object.keys(pins).length),
        )
        const places = Object.keys(pins).map(pin => controller.header(pin))
        assert.ok(places.every(Boolean), "a GPIO that the header has not")
        assert.equal(new Set(places).size, places.length)
    })

    test(`${kind}: each terminal of each part is wired once, and no other`, () => {
        const wired = nets.flatMap(n => n.ends).sort()
        const all = parts.flatMap(p => p.terminals.map(t => `${p.ref}.${t}`))
        assert.deepEqual(wired, all.sort())
        for (const n of nets) assert.ok(n.ends.length > 1, n.name)
        for (const p of parts.filter(p => p.terminals.length === 2))
            assert.notEqual(
                netAt(wiring, `${p.ref}.${p.terminals[0]}`),
                netAt(wiring, `${p.ref}.${p.terminals[1]}`),
                `${p.ref} joins a net to itself`,
            )
    })

    test(`${kind}: each module has power, ground, its own select and a capacitor`, () => {
        const modules = [
            ["U2", "3.3V", "SCSn", "csHome"],
            ["U3", "3.3V", "SCSn", "csPartner"],
            ["U4", "3.3V", "SCSn", "csLink"],
            ["U5", "3V3", "CS", "csCard"],
        ]
        for (const [ref, supply, select, pin] of modules) {
            assert.equal(netAt(wiring, `${ref}.${supply}`).name, "3V3M")
            assert.equal(netAt(wiring, `${ref}.GND`).name, "GND")
            assert.deepEqual(follow(wiring, pin).to, [`${ref}.${select}`])
            assert.deepEqual(
                follow(wiring, pin).pulls.map(p => p.to),
                ["3V3M"],
            )
            const own = parts.filter(
                p => p.why === `at the supply pins of ${ref}`,
            )
            assert.equal(own.length, 1)
        }
        for (const [pin, to] of [
            ["spiSck", ["U2.SCLK", "U3.SCLK", "U4.SCLK", "U5.CLK"]],
            ["spiMosi", ["U2.MOSI", "U3.MOSI", "U4.MOSI", "U5.DI"]],
            ["spiMiso", ["U2.MISO", "U3.MISO", "U4.MISO", "U5.DO"]],
            ["intHome", ["U2.INTn"]],
            ["intPartner", ["U3.INTn"]],
            ["intLink", ["U4.INTn"]],
        ] as const)
            assert.deepEqual(follow(wiring, pin).to, to)
    })

    test(`${kind}: the cable takes each line where it belongs`, () => {
        const at = (pin: string) => {
            const [end] = follow(wiring, pin).to
            return Number(end.replace("J2.", ""))
        }
        const beyond = (pin: string) => `J2.${partnerPin(at(pin))}`
        assert.equal(partnerPin(at("beatOut")), at("beatIn"))
        assert.equal(partnerPin(at("beatIn")), at("beatOut"))
        assert.equal(netAt(wiring, beyond("present")).name, "GND")
        const reset = netAt(wiring, beyond("fence"))
        for (const end of ["U1.reset", "U2.RSTn", "U3.RSTn", "U4.RSTn"])
            assert.ok(reset.ends.includes(end), end)
        for (const { pin, name } of CABLE) {
            assert.equal(partnerPin(partnerPin(pin)), pin)
            const isGround = netAt(wiring, `J2.${pin}`).name === "GND"
            assert.equal(isGround, name.startsWith("ground"))
        }
        const grounds = CABLE.filter(
            p =>
                p.name === "ground" &&
                CABLE[partnerPin(p.pin) - 1].name === p.name,
        )
        assert.ok(grounds.length > 0, "no ground goes to ground")
    })

    test(`${kind}: pulls are where the firmware counts on them`, () => {
        const pulls = (pin: string) => follow(wiring, pin).pulls
        assert.deepEqual(pulls("beatIn"), [{ ref: "R10", to: "GND" }])
        assert.deepEqual(pulls("present"), [{ ref: "R12", to: "3V3" }])
        // an own pull-up would hide that the fence's wire is broken
        assert.deepEqual(pulls("fence"), [])
        const reset = netAt(wiring, "U1.reset")
        assert.ok(reset.ends.includes("R11.1"))
        assert.ok(!reset.ends.includes("U1.fence"), "it would hold itself")
        for (const pin of ["beatIn", "fence"]) {
            const [mosfet] = follow(wiring, pin).through
            assert.equal(netAt(wiring, `${mosfet}.G`).name, "3V3")
            assert.equal(netAt(wiring, `${mosfet}.S`).ends[0], `U1.${pin}`)
        }
    })

    test(`${kind}: levels are within the limits of the datasheets`, () => {
        for (const level of levelsOf(wiring))
            assert.ok(holds(level), `${level.what}: ${level.value}`)
        // what Q1 is there for
        assert.ok(resetWithoutQ1(wiring) < controller.limits.resetHighV)
    })

    test(`${kind}: one board costs what the bill says`, async () => {
        const { board } = costOf(wiring)
        assert.ok(board > 30 && board < 60, `${board}`)
        const [{ text }] = await documentsOf(kind)
        assert.ok(text.includes(`**${board.toFixed(2)}**`))
    })
}

test("a resistor that is too large or too small is found", () => {
    for (const [ref, ohms] of [
        ["R9", 2000],
        ["R9", 100],
        ["R8", 5000],
        ["R11", 1000],
        ["R10", 1000],
    ] as const) {
        const wiring = wiringOf("pico")
        wiring.parts.find(p => p.ref === ref)!.ohms = ohms
        assert.ok(!levelsOf(wiring).every(holds), `${ref} ${ohms}`)
    }
})

test("on a Pico, a failed regulator resets the controller, too", () => {
    const wiring = wiringOf("pico")
    const { resetLowV } = wiring.controller.limits
    assert.ok(resetWithoutSupply(wiring) <= resetLowV)
})

test("the command prints pins and cable, and refuses an unknown board", async t => {
    const npm = (...args: string[]) =>
        run(t, "npm", ["run", "--silent", "wiring", "--", ...args])
    const said = await npm("--for", "pico")
    assert.match(said, /^Raspberry Pi Pico$/m)
    const { pins } = definition("pico")
    for (const [pin, gpio] of Object.entries(pins))
        assert.match(said, new RegExp(`\`${pin}\` +\\| GP${gpio} `))
    assert.match(said, /\| 2 +\| fence +\| R9 +\| 7: reset +\|/)
    assert.doesNotMatch(said, /ESP32/)
    await assert.rejects(npm("--for", "pdp11"), /choices|Allowed/)
})
