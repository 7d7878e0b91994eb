/** What happens to a board's W5500s: disturbed, reset by themselves, dead. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { BOARD_NAMES, unlimitedSpeed } from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import type { W5500 } from "../../devs/bench/w5500/chip.ts"
import { Common, MR_RST, Sn } from "../../devs/bench/w5500/registers.ts"
import { ipFrom } from "../../devs/bench/net/ethernet.ts"
import { PORTALS } from "../../devs/bench/virtual.ts"
import { Random } from "../../devs/sim/random.ts"
import { overLan } from "../../devs/initiator/transport.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { untilMirrored } from "../support/healing.ts"
import { writersOfBoth, type Writer } from "../support/writer.ts"

const speed = unlimitedSpeed()
const LOAD = { first: 4000, blocks: 300, depth: 2, restUs: 20_000 }
/** A round of looks, and the time in which hosts come back. */
const SETTLE_US = 1.8e6

/** Writes registers as a disturbance would. @param block 0: common */
function disturb(chip: W5500, at: number, bytes: number[], block = 0) {
    const frame = Buffer.from([at >> 8, at, (block << 3) | 4, ...bytes])
    chip.select(true)
    chip.exchange(frame, 1e6)
    chip.select(true) // whatever the board has begun begins
}

const socketBlock = (n: number) => n * 4 + 1

type Fault = [what: string, cause: (chip: W5500) => void]

const resetsItself: Fault = [
    "resets itself",
    chip => disturb(chip, Common.MR, [MR_RST]),
]

/** After these the chip is set up anew, and hosts come back. */
const FATAL: Fault[] = [
    resetsItself,
    ["loses its IP", chip => disturb(chip, Common.SIPR, [0, 0, 0, 0])],
    ["has another MAC", chip => disturb(chip, Common.SHAR + 4, [0x55])],
    [
        "has a socket at another TCP port",
        chip => disturb(chip, Sn.PORT, [0x2c], socketBlock(1)),
    ],
    [
        "has a socket without interrupts",
        chip => disturb(chip, Sn.IMR, [0], socketBlock(0)),
    ],
]

/** With these connections can live. */
const HARMLESS: Fault[] = [
    ["has another gateway", chip => disturb(chip, Common.GAR, [10, 1, 2, 3])],
    ["has no interrupts", chip => disturb(chip, Common.SIMR, [0])],
    ["never retries", chip => disturb(chip, Common.RTR, [0, 0, 0])],
    ["has its PHY in reset", chip => disturb(chip, Common.PHYCFGR, [0x38])],
]

/** Writers of both volumes, while something happens. */
async function underLoad(
    bench: VirtualBench,
    happens: (hosts: Writer[]) => Promise<void>,
) {
    const hosts = writersOfBoth(bench, LOAD)
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(1.2e6)
        await happens(hosts)
        const before = hosts.map(h => h.count)
        await bench.script.sleep(1e6)
        hosts.forEach((h, i) => assert.ok(h.count > before[i] + 10))
        for (const h of hosts) h.stop()
        await running
        for (const h of hosts) await h.verify()
    }, 60e6)
    return hosts
}

function assertNobodyTookOver(bench: VirtualBench) {
    for (const name of BOARD_NAMES) {
        assert.equal(bench.consoles[name].status.serves, name)
        assert.ok(!bench.said(name, /took over/))
    }
}

const count = (bench: VirtualBench, what: RegExp) =>
    bench.consoles.a.events.filter(e => what.test(e.text)).length

const losses = (hosts: Writer[]) => hosts.map(h => h.losses).join()

test("a home chip that cannot be relied on is set up again", async () => {
    const bench = mirroredPair({ speed, seed: 31 })
    await underLoad(bench, async running => {
        for (const [i, [what, cause]] of FATAL.entries()) {
            cause(bench.pair.nodes.a.home)
            await bench.script.sleep(SETTLE_US)
            assert.equal(count(bench, /home W5500 lost/), i + 1, what)
            assert.equal(losses(running), `${i + 1},0`, what)
        }
    })
    assert.ok(bench.isMirrored)
    assertNobodyTookOver(bench)
})

test("what connections can live with is mended under them", async () => {
    const bench = mirroredPair({ speed, seed: 32 })
    const { home, link } = bench.pair.nodes.a
    const hosts = await underLoad(bench, async () => {
        for (const [i, [what, cause]] of HARMLESS.entries()) {
            cause(home)
            await bench.script.sleep(SETTLE_US)
            assert.equal(count(bench, /home W5500 had a wrong/), i + 1, what)
        }
        disturb(link, Common.SUBR, [0])
        await bench.script.sleep(SETTLE_US)
        assert.equal(count(bench, /link W5500 had a wrong/), 1)
    })
    assert.equal(losses(hosts), "0,0")
    assert.ok(bench.isMirrored)
    assertNobodyTookOver(bench)
})

test("hosts hear at once that a chip has reset itself", async () => {
    const bench = mirroredPair({ speed, seed: 33 })
    const hosts = await underLoad(bench, async () => {
        resetsItself[1](bench.pair.nodes.b.home)
        await bench.script.sleep(SETTLE_US)
    })
    assert.equal(losses(hosts), "0,1")
    // those that wait for an answer too: 100 ms to see it, and to come back
    assert.ok(hosts[1].longestPause < 600_000, `${hosts[1].longestPause}`)
})

for (const victim of BOARD_NAMES)
    test(`the link chip of ${victim} resets itself: the boards meet anew`, async () => {
        const bench = mirroredPair({ speed, seed: 34 })
        const hosts = await underLoad(bench, async () => {
            resetsItself[1](bench.pair.nodes[victim].link)
            await bench.script.sleep(SETTLE_US)
        })
        assert.equal(losses(hosts), "0,0")
        assert.ok(bench.said(victim, /link W5500 lost its registers/))
        assert.ok(bench.said(victim, /volume . mirrored again/))
        assertNobodyTookOver(bench)
    })

test("a connection that TCP would keep for ever is ended when nothing comes", async () => {
    const bench = mirroredPair({ speed, seed: 40 })
    const { a, b } = bench.pair.nodes
    const before = count(bench, /^link up/)
    await bench.runScript(async () => {
        // so that the chips are looked at before the boards mirror again: a link
        // that is lost then is shut
        await bench.script.sleep(400_000)
        bench.pair.cut("link", true)
        await bench.script.sleep(500_000)
        bench.pair.cut("link", false)
        // it is made with an address that is mended, and with too many retries
        while (count(bench, /^link up/) === before) {
            disturb(b.link, Common.SIPR, [0, 0, 0, 0])
            disturb(a.link, Common.RCR, [0x23])
            await bench.script.sleep(1000)
        }
        while (!bench.said("a", /^link dropped: silence/))
            await bench.script.sleep(10_000)
        await untilMirrored(bench)
    }, 60e6)
    assert.ok(bench.said("b", /link W5500 lost its registers/))
    assertNobodyTookOver(bench)
})

test("the survivor's partner port resets itself: it serves on", async () => {
    const bench = mirroredPair({ speed, seed: 35 })
    const hosts = await underLoad(bench, async () => {
        bench.pair.nodes.a.board.setPower(false)
        await bench.script.sleep(SETTLE_US)
        resetsItself[1](bench.pair.nodes.b.partner)
        await bench.script.sleep(SETTLE_US)
    })
    assert.equal(losses(hosts), "2,0")
    assert.ok(bench.said("b", /partner W5500 lost its registers/))
})

test("a dark partner port that was disturbed can take over", async () => {
    const bench = mirroredPair({ speed, seed: 36 })
    await underLoad(bench, async () => {
        resetsItself[1](bench.pair.nodes.b.partner)
        await bench.script.sleep(1.2e6)
        assert.ok(bench.said("b", /partner W5500 lost its registers/))
        bench.pair.nodes.a.board.setPower(false)
        await bench.script.sleep(SETTLE_US)
    })
})

test("a chip that does not answer is asked each second, and said once", async () => {
    const bench = mirroredPair({ speed, seed: 37 })
    const { home } = bench.pair.nodes.a
    await underLoad(bench, async () => {
        home.held(true)
        await bench.script.sleep(3e6)
        const { status, counters } = bench.consoles.a
        assert.equal(status.serves, "none")
        assert.equal(counters.pool, "24", "blocks of lost sessions are free")
        home.held(false)
        // SYNs of hosts come ever more rarely
        await bench.script.sleep(5e6)
    })
    const said = bench.consoles.a.events.filter(e => /home W5500/.test(e.text))
    assert.deepEqual(
        said.map(e => e.text.replace(/^.*home W5500 /, "")),
        ["does not answer: check its wiring", "answers again: set up"],
    )
    assertNobodyTookOver(bench)
})

test("registers that are read wrong now and then harm nothing", async () => {
    const bench = mirroredPair({ speed, seed: 39 })
    const random = new Random(39)
    let isNoisy = true
    let hits = 0
    for (const name of BOARD_NAMES)
        for (const chip of [
            bench.pair.nodes[name].home,
            bench.pair.nodes[name].link,
        ]) {
            const exchange = chip.exchange.bind(chip)
            chip.exchange = (data, hz) => {
                const isRead = (data[2] & 4) === 0 && ((data[2] >> 3) & 2) === 0
                exchange(data, hz)
                if (!isNoisy || !isRead || !random.chance(1 / 100)) return
                hits++
                const noise = random.pick([0x00, 0xff, undefined])
                for (let i = 0; i < data.length; i++)
                    data[i] = noise ?? random.int(0, 255)
            }
        }
    const hosts = await underLoad(bench, async () => {
        await bench.script.sleep(4e6)
        isNoisy = false
        await bench.script.sleep(SETTLE_US)
    })
    assert.ok(hits > 20, `${hits}`)
    // what is seen wrong once is looked at twice
    assert.equal(losses(hosts), "0,0")
    assert.ok(bench.isMirrored)
    assertNobodyTookOver(bench)
})

test("a host that vanishes while idle loses its session within 30 s", async () => {
    const bench = mirroredPair({ speed, seed: 38 })
    const vanishing = bench.host()
    const { ip, port } = PORTALS.a
    const sessions = () => bench.consoles.a.status.sessions
    await bench.runScript(async () => {
        const stays = await loggedIn(bench)
        const goes = bench.initiator("a", {
            connect: overLan(vanishing, { ip: ipFrom(ip), port }),
        })
        await goes.login()
        await goes.ready()
        await bench.script.sleep(20e6)
        assert.equal(sessions(), "2")
        bench.pair.lan.cut(vanishing, true)
        await bench.script.sleep(30e6)
        assert.equal(sessions(), "1")
        assertGood(await stays.write(0, pattern(0, 8, 1)))
    }, 120e6)
})
