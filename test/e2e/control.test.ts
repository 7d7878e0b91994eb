/** The control API of a live pair. */
import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { serveControl } from "../../devs/bench/control.ts"
import { BOARD_NAMES, WIRE_NAMES } from "../../devs/bench/pair.ts"
import { assertGood, pattern } from "../support/bench.ts"
import { ask, state, untilState, type State } from "../support/control.ts"
import { connected, CONTROL, livePair } from "../support/live.ts"

const options = { timeout: 60_000 }

async function controlledPair(t: TestContext) {
    const bench = await livePair(t)
    const server = await serveControl(bench, CONTROL.ip, CONTROL.port)
    t.after(() => {
        server.closeAllConnections()
        server.close()
    })
    return bench
}

/** A request that works. */
async function post(where: string, body: object) {
    const answer = await ask("POST", where, body)
    assert.deepEqual(answer.body, { ok: true })
    assert.equal(answer.status, 200)
}

test("the state of a mirrored pair shows all of it", options, async t => {
    await controlledPair(t)
    const answer = await ask("GET", "/state")
    assert.equal(answer.status, 200)
    assert.equal(answer.type, "application/json")
    // a question, and its answer
    const s = await untilState(s =>
        BOARD_NAMES.every(name => s.boards[name].lan === "heard"),
    )
    assert.equal(s.mirrored, true)
    assert.ok(s.ms > 1000)
    for (const name of BOARD_NAMES) {
        const { card, counters, ...rest } = s.boards[name]
        assert.deepEqual(rest, {
            power: true,
            running: true,
            hung: false,
            serves: [name],
            volumes: {
                a: name === "a" ? "mirrored" : "mirror",
                b: name === "b" ? "mirrored" : "mirror",
            },
            partner: "alive",
            sessions: 0,
            fence: "released",
            lan: "heard",
        })
        assert.equal(card.present, true)
        assert.ok(counters.spiTransfers > 100)
        assert.equal(counters.panics, 0)
    }
    assert.deepEqual(
        s.wires,
        Object.fromEntries(WIRE_NAMES.map(w => [w, { cut: false }])),
    )
    const texts = s.events.map(e => `${e.board} ${e.text}`)
    assert.ok(texts.includes("a partner alive"))
    assert.ok(s.events.every((e, i) => !i || e.ms >= s.events[i - 1].ms))
})

test("the state counts sessions, reads and writes", options, async t => {
    await controlledPair(t)
    const host = await connected("a")
    for (let k = 0; k < 10; k++)
        assertGood(await host.write(k * 8, pattern(k * 8, 8, k)))
    assertGood(await host.read(0, 8))
    const s = await untilState(s => s.boards.a.counters["durable.a"] === 10)
    assert.equal(s.boards.a.sessions, 1)
    assert.equal(s.boards.b.sessions, 0)
    assert.equal(s.boards.a.counters["written.a"], 10)
    assert.equal(s.boards.a.counters["reads"], 1)
    await untilState(s => s.boards.b.counters["durable.a"] === 10)
    await host.logout()
    await untilState(s => s.boards.a.sessions === 0)
})

test("a board loses its power and gets it back", options, async t => {
    await controlledPair(t)
    await post("/boards/a/power", { on: false })
    const dead = (await state()).boards.a
    assert.equal(dead.power, false)
    assert.equal(dead.running, false)
    assert.deepEqual(dead.serves, [])
    assert.deepEqual(dead.volumes, { a: null, b: null })
    const s = await untilState(s => s.boards.b.serves.length === 2)
    assert.equal(s.mirrored, false)
    assert.deepEqual(s.boards.b.serves, ["b", "a"])
    assert.deepEqual(s.boards.b.volumes, { a: "alone", b: "alone" })
    assert.ok(s.events.some(e => e.board === "b" && /^took over/.test(e.text)))
    await post("/boards/a/power", { on: true })
    await untilState(s => s.boards.a.running)
})

test("a board hangs, is reset by its partner, and waits", options, async t => {
    await controlledPair(t)
    await post("/boards/b/hang", { on: true })
    const { b: hung } = (await state()).boards
    assert.equal(hung.hung, true)
    assert.equal(hung.power, true)
    assert.equal(hung.running, true)
    const held = await untilState(s => s.boards.a.serves.length === 2)
    assert.deepEqual(held.boards.a.serves, ["a", "b"])
    assert.equal(held.boards.b.running, false)
    assert.deepEqual(held.boards.b.serves, [])
    const { boards } = await untilState(s => s.boards.b.partner === "alive")
    assert.equal(boards.b.hung, false)
    assert.deepEqual(boards.b.serves, [])
})

test("a hang that is over in time is no failure", options, async t => {
    await controlledPair(t)
    await post("/boards/b/hang", { on: true })
    await post("/boards/b/hang", { on: false })
    assert.equal((await state()).boards.b.hung, false)
    const { ms } = await state()
    const s = await untilState(s => s.ms > ms + 200)
    assert.equal(s.mirrored, true)
})

test("a card is taken out and put back", options, async t => {
    await controlledPair(t)
    for (const present of [false, true]) {
        await post("/boards/b/card", { present })
        assert.equal((await state()).boards.b.card.present, present)
    }
})

test(
    "a board is told a command, and answers on its console",
    options,
    async t => {
        await controlledPair(t)
        const said = (text: string) => (s: State) =>
            s.events.some(e => e.board === "b" && e.text === text)
        await post("/boards/b/command", { name: "status" })
        await untilState(said("command status: done"))
        await post("/boards/b/command", { name: "stauts" })
        await untilState(
            said(
                'command unknown: "stauts"; known: status, serve-alone, takeover, giveback, discard, verify, stop-verify, resync',
            ),
        )
    },
)

test("a board that cannot hear a command is not told", options, async t => {
    await controlledPair(t)
    const refused = async (reason: RegExp) => {
        const body = { name: "status" }
        const answer = await ask("POST", "/boards/b/command", body)
        assert.equal(answer.status, 409)
        assert.match((answer.body as { error: string }).error, reason)
    }
    await post("/boards/b/hang", { on: true })
    await refused(/^board b hangs$/)
    await post("/boards/b/power", { on: false })
    await refused(/^board b has no power$/)
    await post("/boards/b/power", { on: true })
    await refused(/^board b is starting/)
})

test("each wire is cut and mended", options, async t => {
    await controlledPair(t)
    for (const wire of WIRE_NAMES) {
        await post(`/wires/${wire}`, { cut: true })
        const { wires } = await state()
        const cut = WIRE_NAMES.filter(w => wires[w].cut)
        assert.deepEqual(cut, [wire])
        await post(`/wires/${wire}`, { cut: false })
    }
    assert.ok(Object.values((await state()).wires).every(w => !w.cut))
    await post("/wires/link", { cut: true })
    const lost = (e: { text: string }) => /^link lost/.test(e.text)
    await untilState(s => s.events.some(lost))
})

/** Method, path, body; status and reason. */
const BAD: [string, string, string | undefined, number, RegExp][] = [
    ["GET", "/", undefined, 404, /nothing at \//],
    ["GET", "/state/x", undefined, 404, /nothing at \/state\/x/],
    ["POST", "/boards/a", "{}", 404, /nothing at/],
    ["POST", "/boards//power", '{"on":true}', 404, /nothing at/],
    ["POST", "/state", "{}", 405, /GET only/],
    ["DELETE", "/state", undefined, 405, /GET only/],
    ["GET", "/boards/a/power", undefined, 405, /POST only/],
    ["PUT", "/wires/link", '{"cut":true}', 405, /POST only/],
    ["POST", "/boards/c/power", '{"on":true}', 404, /no "c".*a, b/],
    ["POST", "/boards/A/hang", '{"on":true}', 404, /no "A"/],
    ["POST", "/wires/beat-c", '{"cut":true}', 404, /no "beat-c".*beat-a/],
    ["POST", "/boards/a/power", undefined, 400, /"on": true or false/],
    ["POST", "/boards/a/power", "{}", 400, /"on": true or false/],
    ["POST", "/boards/a/power", "on", 400, /not JSON/],
    ["POST", "/boards/a/power", '{"on":', 400, /not JSON/],
    ["POST", "/boards/a/power", "null", 400, /not a JSON object/],
    ["POST", "/boards/a/power", "[true]", 400, /not a JSON object/],
    ["POST", "/boards/a/power", '{"on":"yes"}', 400, /"on": true or false/],
    ["POST", "/boards/a/power", '{"on":0}', 400, /"on": true or false/],
    ["POST", "/boards/a/card", '{"on":true}', 400, /"present": true or/],
    ["GET", "/boards/a/command", undefined, 405, /POST only/],
    ["POST", "/boards/c/command", '{"name":"status"}', 404, /no "c"/],
    ["POST", "/boards/a/command", "{}", 400, /"name": 1 to 16 char/],
    ["POST", "/boards/a/command", '{"name":1}', 400, /"name": 1 to 16/],
    ["POST", "/boards/a/command", '{"name":""}', 400, /"name": 1 to 16/],
    ["POST", "/boards/a/command", '{"name":"a b"}', 400, /"name": 1 to 16/],
    ["POST", "/boards/a/command", '{"name":"\u00e9"}', 400, /"name": 1/],
    ["POST", "/boards/a/command", '{"name":"12345678901234567"}', 400, /16/],
    ["POST", "/wires/link", '{"cut":1}', 400, /"cut": true or false/],
    ["POST", "/wires/link", `"${"x".repeat(5000)}"`, 413, /too long/],
    ["POST", "/wires/link", "x".repeat(5_000_000), 413, /too long/],
]

test("bad requests change nothing and are told why", options, async t => {
    await controlledPair(t)
    for (const [method, where, body, status, reason] of BAD) {
        const what = `${method} ${where} ${body?.slice(0, 30)}`
        const answer = await ask(method, where, body)
        assert.equal(answer.status, status, what)
        assert.equal(answer.type, "application/json", what)
        assert.match((answer.body as { error: string }).error, reason, what)
    }
    const s = await state()
    assert.equal(s.mirrored, true)
    assert.ok(Object.values(s.wires).every(w => !w.cut))
    await post("/boards/a/power", { on: false })
    const answer = await ask("POST", "/boards/a/hang", { on: true })
    assert.equal(answer.status, 409)
    assert.match((answer.body as { error: string }).error, /no power/)
})
