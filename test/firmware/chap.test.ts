/** Who does not show that it knows the secret is not let in, whatever it tries. */
import assert from "node:assert/strict"
import { describe, test } from "node:test"
import { unlimitedSpeed } from "../../devs/bench/pair.ts"
import { knowing } from "../../devs/initiator/chap.ts"
import {
    LoginRefused,
    type RespondToChallenge,
} from "../../devs/initiator/initiator.ts"
import { assertGood, mirroredPair } from "../support/bench.ts"

/** RFC 7143 11.13.5: authentication failure */
const AUTHENTICATION_FAILURE = 0x0201
const CHAP = { user: "ada", secret: "twelve-chars" }
const right = knowing(CHAP.user, CHAP.secret)

function guardedPair() {
    return mirroredPair({ speed: unlimitedSpeed(), mib: 1, chap: CHAP })
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

test("discovery needs no secret, and gives no disk", async () => {
    const bench = guardedPair()
    await bench.runScript(async () => {
        const host = bench.initiator("a", { target: undefined })
        await host.login()
        await host.logout()
    })
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
