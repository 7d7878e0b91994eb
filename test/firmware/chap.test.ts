/** Who does not show that it knows the secret is not let in, whatever it tries. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { knowing } from "../../devs/initiator/chap.ts"
import {
    ConnectionLost,
    LoginRefused,
    type Initiator,
    type RespondToChallenge,
} from "../../devs/initiator/initiator.ts"
import { cdbs } from "../../devs/initiator/scsi.ts"
import { assertGood, mirroredPair } from "../support/bench.ts"

/** RFC 7143 11.13.5: authentication failure */
const AUTHENTICATION_FAILURE = 0x0201
const CHAP = { user: "ada", secret: "twelve-chars" }
const right = knowing(CHAP.user, CHAP.secret)

const OPTIONS = { speed: unlimitedSpeed(), mib: 1 }
/** RFC 7143 11.5.1 */
const TMF_LUN_RESET = 5

function guardedPair() {
    return mirroredPair({ ...OPTIONS, chap: CHAP })
}

async function assertRefused(login: Promise<void>) {
    await assert.rejects(
        login,
        e => e instanceof LoginRefused && e.status === AUTHENTICATION_FAILURE,
    )
}

test("who knows the secret works; each challenge is another one", async () => {
    const bench = guardedPair()
    const challenges: string[] = []
    await bench.runScript(async () => {
        for (let k = 0; k < 5; k++) {
            const host = bench.initiator(k & 1 ? "b" : "a", {
                chap: keys => {
                    assert.equal(keys.CHAP_A, "5")
                    challenges.push(keys.CHAP_C)
                    return right(keys)
                },
            })
            await host.login()
            await host.ready()
            assertGood(await host.write(0, Buffer.alloc(512)))
            await host.logout()
        }
    })
    assert.equal(new Set(challenges).size, 5)
    for (const c of challenges) assert.match(c, /^0x[0-9a-f]{32}$/)
})

describe("it is refused", () => {
    const other: Record<string, RespondToChallenge> = {
        "with another secret": knowing("ada", "twelve-charz"),
        "with another name": knowing("bob", CHAP.secret),
        "without a name": keys => ({ CHAP_R: right(keys).CHAP_R }),
        "with half a response": keys => ({
            ...right(keys),
            CHAP_R: right(keys).CHAP_R.slice(0, 18),
        }),
        "with a response that goes on": keys => ({
            ...right(keys),
            CHAP_R: `${right(keys).CHAP_R}00`,
        }),
        "with a response of other letters": keys => ({
            ...right(keys),
            CHAP_R: `0x${"zz".repeat(16)}`,
        }),
        "with a number that is empty": keys => ({
            ...right(keys),
            CHAP_R: "0x",
        }),
        "when it wants us to know a secret, too": keys => ({
            ...right(keys),
            CHAP_I: "1",
            CHAP_C: "0x00112233445566778899aabbccddeeff",
        }),
    }
    for (const [what, chap] of Object.entries(other))
        test(what, async () => {
            const bench = guardedPair()
            await bench.runScript(async () => {
                await assertRefused(bench.initiator("a", { chap }).login())
                // and the next one is let in
                const host = bench.initiator("a", { chap: right })
                await host.login()
            })
            assert.ok(bench.said("a", /does not know the secret$/))
        })

    test("without a word of it", async () => {
        const bench = guardedPair()
        await bench.runScript(() => assertRefused(bench.initiator("a").login()))
    })

    test("with what another connection has answered", async () => {
        const bench = guardedPair()
        await bench.runScript(async () => {
            let heard: Record<string, string> = {}
            const host = bench.initiator("a", {
                chap: keys => (heard = right(keys)),
            })
            await host.login()
            await host.logout()
            await assertRefused(
                bench.initiator("a", { chap: () => heard }).login(),
            )
        })
    })
})

describe("discovery needs no secret, and gives no disk", () => {
    const tries: Record<string, (host: Initiator) => Promise<unknown>> = {
        "TEST UNIT READY": host => host.command(cdbs.testUnitReady()),
        READ: host => host.read(0, 1),
        WRITE: host => host.write(0, Buffer.alloc(512, 0x5a)),
        "LOGICAL UNIT RESET": host => host.manage(TMF_LUN_RESET),
    }
    for (const [what, attempt] of Object.entries(tries))
        for (const chap of [CHAP, undefined])
            test(`${what}, ${chap ? "with" : "without"} a secret to know`, async () => {
                const bench = mirroredPair({ ...OPTIONS, chap })
                await bench.runScript(async () => {
                    const host = bench.initiator("a", { target: undefined })
                    await host.login()
                    await assert.rejects(attempt(host), ConnectionLost)
                })
                assert.ok(
                    bench.said("a", /dropped: .* in a discovery session$/),
                )
                const first = Buffer.from(bench.media.a.read(2048))
                assert.ok(first.equals(Buffer.alloc(512)))
            })
})

test("three hosts that show it at once make no board look dead, at a Pico's speed", async t => {
    const bench = mirroredPair({ mib: 1, chap: CHAP })
    await bench.runScript(async () => {
        const from = bench.world.now
        const hosts = [0, 1, 2].map(() => bench.initiator("a", { chap: right }))
        await Promise.all(hosts.map(h => h.login()))
        t.diagnostic(`${(bench.world.now - from) / 1000} ms`)
        await bench.script.sleep(1e6)
    })
    for (const name of ["a", "b"] as const)
        assert.ok(!bench.said(name, /silent|lost|stood still|fencing/))
})

test("secrets never stand on the console", async () => {
    const bench = guardedPair()
    await bench.runScript(async () => {
        const wrong = knowing("ada", "another-secret")
        await assertRefused(bench.initiator("a", { chap: wrong }).login())
    })
    const all = bench.events.map(e => e.text).join("\n")
    assert.ok(!all.includes(CHAP.secret) && !all.includes("another-secret"))
})
