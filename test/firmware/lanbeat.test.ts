/** The third witness: heartbeats over the LAN. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { ipFrom, type Station } from "../../devs/bench/net/ethernet.ts"
import {
    BOARD_NAMES,
    picoSpeed,
    unlimitedSpeed,
    type Speed,
} from "../../devs/bench/pair.ts"
import { PORTALS, type VirtualBench } from "../../devs/bench/virtual.ts"
import {
    assertGood,
    loggedIn,
    mirroredPair,
    pattern,
} from "../support/bench.ts"
import { assertEqualCards, untilMirrored } from "../support/healing.ts"
import { LAN_PORT, noise } from "../support/strangers.ts"
import { writersOfBoth } from "../support/writer.ts"

const MIB = 1
const SECOND_US = 1e6
/** A death is noticed after 60 ms, and fenced in some 12 more. */
const TAKEOVER_MS = 150

const isFenced = (bench: VirtualBench) =>
    BOARD_NAMES.some(name => bench.said(name, /^(fencing|took over)/))

/** Both heartbeat lines break, and a while later the cable of the link. */
async function breakAllButLan(bench: VirtualBench) {
    for (const name of BOARD_NAMES) bench.pair.cut(`beat-${name}`, true)
    await bench.script.sleep(2 * SECOND_US)
    bench.pair.cut("link", true)
}

/**
 * Breaks the wires beside hosts, mends them, and looks for harm.
 * @param restUs of the hosts between two commands
 * @returns whether a board was fenced
 */
async function survivesOnLan(speed: Speed, seed: number, restUs: number) {
    const bench = mirroredPair({ speed, seed, mib: MIB })
    const hosts = writersOfBoth(bench, { first: 0, restUs })
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await bench.script.sleep(SECOND_US)
        await breakAllButLan(bench)
        await bench.script.sleep(3 * SECOND_US)
        for (const name of BOARD_NAMES)
            if (!isFenced(bench))
                assert.equal(bench.consoles[name].status.serves, name)
        // who is heard on one channel alone is not brought up to date
        for (const name of BOARD_NAMES) bench.pair.cut(`beat-${name}`, false)
        bench.pair.cut("link", false)
        for (const h of hosts) h.stop()
        await running
        await untilMirrored(bench)
        for (const h of hosts) await h.verify()
        await bench.script.sleep(2 * SECOND_US)
    }, 60 * SECOND_US)
    assertEqualCards(bench, MIB)
    for (const name of BOARD_NAMES)
        assert.ok(!bench.said(name, /not the partner's/))
    return isFenced(bench)
}

const SEEDS = [71, 72, 73, 74, 75, 76]

for (const seed of SEEDS)
    test(`who is heard on the LAN alone is not fenced, seed ${seed}`, async () => {
        assert.ok(!(await survivesOnLan(unlimitedSpeed(), seed, 20_000)))
    })

/** Where beats were lost that had come while a board sent its own. */
const CROSSING = [1042, 1043, 1090, 1180, 1195, 1199]

for (const restUs of [200_000, 0])
    test(`nor by a Pico beside hosts that rest for ${restUs / 1000} ms`, async () => {
        for (const seed of [...SEEDS, ...CROSSING])
            assert.ok(!(await survivesOnLan(picoSpeed(), seed, restUs)))
    })

test("without a LAN between them, that is a death", async () => {
    const bench = mirroredPair({ seed: 75, mib: MIB })
    await bench.runScript(async () => {
        for (const name of BOARD_NAMES) bench.pair.cut(`lan-${name}`, true)
        await bench.script.sleep(SECOND_US)
        await breakAllButLan(bench)
        await bench.script.sleep(SECOND_US)
    })
    assert.ok(isFenced(bench))
})

test("the console says whether the partner is heard on the LAN", async () => {
    const bench = mirroredPair({ seed: 76, mib: MIB })
    const heard = (name: "a" | "b") => bench.consoles[name].status.lan
    await bench.runScript(async () => {
        await bench.script.sleep(3 * SECOND_US)
        assert.deepEqual(BOARD_NAMES.map(heard), ["heard", "heard"])
        bench.pair.cut("lan-b", true)
        await bench.script.sleep(5 * SECOND_US)
        assert.deepEqual(BOARD_NAMES.map(heard), ["silent", "silent"])
        bench.pair.cut("lan-b", false)
        await bench.script.sleep(3 * SECOND_US)
        assert.deepEqual(BOARD_NAMES.map(heard), ["heard", "heard"])
        bench.pair.nodes.b.board.setPower(false)
        await bench.script.sleep(SECOND_US)
        assert.equal(heard("a"), "unused")
    })
})

/// Strangers ///

/** A station that sends in b's name, and answers to nothing. */
class Forger implements Station {
    readonly mac = "0200000002bb"
    readonly ip = 0
    readonly up = true

    constructor(private readonly bench: VirtualBench) {
        bench.pair.lan.attach(this)
    }

    receive() {}

    send(data: Uint8Array) {
        const { home } = this.bench.pair.nodes.a
        const port = LAN_PORT
        this.bench.pair.lan.send(this, home.mac, {
            kind: "udp",
            src: { ip: ipFrom(PORTALS.b.ip), port },
            dst: { ip: ipFrom(PORTALS.a.ip), port },
            data,
        })
    }
}

/** All datagrams that b sends to a from now on. */
function record(bench: VirtualBench): Uint8Array[] {
    const sent: Uint8Array[] = []
    const b = ipFrom(PORTALS.b.ip)
    bench.pair.lan.fault = p => {
        if (p.kind === "udp" && p.src.ip === b && p.dst.port === LAN_PORT)
            sent.push(p.data)
        return p
    }
    return sent
}

const BEAT_SIZE = 53

/** What a stranger sends each 5 ms, from what it has heard. */
const WORDS: Record<string, (heard: Uint8Array[], k: number) => Uint8Array> = {
    "repeats all that it has said": (heard, k) => heard[k % heard.length],
    "repeats its last word": heard => heard[heard.length - 1],
    "counts on": heard => {
        const d = Buffer.from(heard[heard.length - 1])
        d.writeUInt32LE(d.readUInt32LE(4) + 1, 4)
        return d
    },
    "says anything": (_, k) => noise(BEAT_SIZE, k),
    "says too little": (_, k) => noise(7, k),
    "says too much": (_, k) => noise(1400, k),
}

for (const [what, words] of Object.entries(WORDS))
    test(`a partner does not live longer because a stranger ${what}`, async () => {
        const bench = mirroredPair({ seed: 77, mib: MIB })
        await bench.runScript(async () => {
            const host = await loggedIn(bench, "a")
            const heard = record(bench)
            const forger = new Forger(bench)
            await bench.script.sleep(6 * SECOND_US)
            assert.ok(heard.length >= 5)
            const heardByThen = [...heard]
            bench.pair.nodes.b.board.setPower(false)
            const diedAt = bench.world.now
            for (let k = 0; !bench.said("a", /^took over/); k++) {
                forger.send(words(heardByThen, k))
                await bench.script.sleep(5000)
                assert.ok(bench.world.now - diedAt < TAKEOVER_MS * 1000)
            }
            assertGood(await host.write(0, pattern(0, 8, 1)))
        })
    })

test("a flood of forged heartbeats leaves hosts their service", async t => {
    const bench = mirroredPair({ speed: picoSpeed(), seed: 78, mib: MIB })
    await bench.runScript(async () => {
        const host = await loggedIn(bench, "a")
        const rate = async () => {
            const until = bench.world.now + 2 * SECOND_US
            let n = 0
            for (; bench.world.now < until; n++)
                assertGood(await host.write(n % 64, pattern(n % 64, 8, n)))
            return n / 2
        }
        const alone = await rate()
        const forger = new Forger(bench)
        let isOver = false
        const flood = async () => {
            for (let k = 0; !isOver; k++) {
                forger.send(noise(BEAT_SIZE, k))
                await bench.script.sleep(200)
            }
        }
        const flooding = flood()
        const beside = await rate()
        isOver = true
        await flooding
        t.diagnostic(`${alone} writes a second alone, ${beside} beside it`)
        assert.ok(beside > 0.8 * alone)
        await bench.script.sleep(4 * SECOND_US)
        assert.equal(bench.consoles.a.status.lan, "heard")
        assert.ok(Number(bench.consoles.a.counters.strangers) > 8)
    })
    assert.ok(!isFenced(bench))
})
