/** Other people's tools log in with a secret, and not without. */
import assert from "node:assert/strict"
import { test } from "node:test"
import { targetName } from "../../devs/bench/pair.ts"
import { livePair, PORTALS } from "../support/live.ts"
import { needs, run } from "../support/tools.ts"

const timeout = 60_000
const CHAP = { user: "ada", secret: "twelve-chars" }

/** What libiscsi and QEMU call board a's disk, for somebody. */
function urlAs(who: string) {
    const { ip, port } = PORTALS.a
    return `iscsi://${who}${ip}:${port}/${targetName("a")}/0`
}

const info = (url: string) => ["info", "--output=json", "-f", "raw", url]

test(
    "who knows the secret is let in, before and after a takeover",
    { ...needs("qemu-io"), timeout },
    async t => {
        const bench = await livePair(t, 1, CHAP)
        const url = urlAs("ada%twelve-chars@")
        const io = (...commands: string[]) =>
            run(t, "qemu-io", [
                "-f",
                "raw",
                ...commands.flatMap(c => ["-c", c]),
                url,
            ])
        assert.match(await io("write -P 0x5a 0 64k"), /wrote 65536/)
        bench.setPower("a", false)
        assert.match(await io("read -P 0x5a 0 64k"), /read 65536/)
    },
)

test(
    "who does not know it is not, and the console says so",
    { ...needs("qemu-img"), timeout },
    async t => {
        const bench = await livePair(t, 1, CHAP)
        const told: string[] = []
        bench.on("event", ({ text }) => {
            if (/does not know the secret$/.test(text)) told.push(text)
        })
        for (const who of ["", "ada%twelve-charz@", "bob%twelve-chars@"])
            await assert.rejects(run(t, "qemu-img", info(urlAs(who))))
        await run(t, "qemu-img", info(urlAs("ada%twelve-chars@")))
        assert.equal(told.length, 2)
    },
)

test(
    "without a secret to know, one that is offered does no harm",
    { ...needs("qemu-img"), timeout },
    async t => {
        await livePair(t)
        await run(t, "qemu-img", info(urlAs("ada%twelve-chars@")))
    },
)
