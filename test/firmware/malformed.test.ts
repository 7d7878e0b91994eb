/**
 * Malformed and truncated PDUs, logins and CDBs: each costs its own connection
 * at most. Other sessions do not notice, and no memory is lost.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import { other, targetName, unlimitedSpeed } from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"
import {
    ConnectionLost,
    Initiator,
    LoginRefused,
} from "../../devs/initiator/initiator.ts"
import { Random } from "../../devs/sim/random.ts"
import { loggedIn, mirroredPair } from "../support/bench.ts"
import { Malformed, SAFE_LBA } from "../../devs/initiator/malformed.ts"
import { writersOfBoth } from "../support/writer.ts"

const SEED = Number(process.env.SEED ?? 1)
const TOTAL = 10_000
const PATIENCE_US = 3e6
const speed = unlimitedSpeed()
/** All of the pool's own blocks, and all tasks. */
const WHOLE = { pool: "24", tasks: "12" }

/** A reset of the unit ends what other sessions have under way. */
function unitResets(bench: VirtualBench) {
    return bench.events.filter(e => /unit reset/.test(e.text)).length
}

class Attacker {
    private readonly random: Random
    private readonly malformed: Malformed
    sent = 0

    constructor(
        private readonly bench: VirtualBench,
        seed: number,
    ) {
        this.random = new Random(seed)
        this.malformed = new Malformed(this.random)
    }

    /** Attacks over one connection after the other. */
    async run(total: number) {
        const initiator = this.bench.initiator("a", { isid: "402a545700fe" })
        while (this.sent < total)
            try {
                await this.attack(initiator)
            } catch (e) {
                if (!(e instanceof ConnectionLost || e instanceof LoginRefused))
                    throw e
                await this.bench.script.sleep(1000)
            }
    }

    private async attack(initiator: Initiator) {
        const kind = this.random.pick([
            "login",
            "pdus",
            "pdus",
            "cdbs",
        ] as const)
        if (kind === "login") {
            await initiator.open()
            const count = this.random.int(1, 4)
            for (let k = 0; k < count && initiator.isConnected; k++)
                this.send(initiator, this.malformed.login(targetName("a")))
        } else {
            await initiator.login()
            if (kind === "pdus") await this.pdus(initiator)
            else await this.cdbs(initiator)
        }
        await this.bench.script.sleep(this.random.int(100, 3000))
        if (this.random.chance(0.5)) initiator.abort()
        else initiator.disconnect()
        await this.bench.script.sleep(300)
    }

    private async pdus(initiator: Initiator) {
        const count = this.random.int(1, 12)
        for (let k = 0; k < count && initiator.isConnected; k++) {
            this.send(initiator, this.malformed.pdu(1 + k))
            if (this.random.chance(0.5))
                await this.bench.script.sleep(this.random.int(10, 1000))
        }
    }

    /** Each of these is answered, whatever it is. */
    private async cdbs(initiator: Initiator) {
        for (let k = this.random.int(1, 10); k > 0; k--) {
            this.sent++
            const cdb = this.malformed.cdb()
            const expect = this.random.pick([0, 512, 4096, 131072])
            const isWrite = this.random.chance(0.4)
            const out = isWrite ? Buffer.alloc(expect) : undefined
            const resets = unitResets(this.bench)
            const timer = this.bench.world.after(PATIENCE_US, () => {
                // what another session's reset has ended is never answered
                if (unitResets(this.bench) > resets) return initiator.abort()
                throw new Error(`no answer to CDB ${cdb.toString("hex")}`)
            })
            const r = await initiator.command(cdb, expect, out).finally(() => {
                timer.cancelled = true
            })
            assert.ok(r.status === 0 || r.status === 2, `status ${r.status}`)
        }
    }

    /** Some end before they are whole. */
    private send(initiator: Initiator, pdu: Buffer) {
        this.sent++
        const isCut = this.random.chance(0.1)
        initiator.sendRaw(
            isCut ? pdu.subarray(0, this.random.int(0, pdu.length)) : pdu,
        )
    }
}

test(`${TOTAL} malformed PDUs, logins and CDBs do no harm (seed ${SEED})`, async t => {
    const bench = mirroredPair({ speed, seed: SEED })
    const region = { blocks: 200, depth: 2, longest: 12, restUs: 100_000 }
    const hosts = writersOfBoth(bench, { ...region, first: SAFE_LBA })
    const attackers = [1, 2].map(n => new Attacker(bench, SEED * 100 + n))
    await bench.runScript(async () => {
        const running = Promise.all(hosts.map(h => h.run()))
        await Promise.all(attackers.map(a => a.run(TOTAL / 2)))
        for (const h of hosts) h.stop()
        await running
        const resets = unitResets(bench)
        for (const h of hosts) {
            assert.ok(
                h.losses <= resets,
                `${h.losses} sessions lost, ${resets} resets`,
            )
            await h.verify()
        }
    }, 3600e6)
    t.diagnostic(`${bench.world.now / 1e6} virtual seconds`)
    await bench.runScript(async () => {
        // sockets of hosts that did not end in order are free a while later
        await bench.script.sleep(3e6)
        const all = await Promise.all([1, 2, 3].map(() => loggedIn(bench, "a")))
        for (const i of all) await i.logout()
        // the last word on what is free comes a second later
        const last = await loggedIn(bench, "a")
        await last.read(0, 1)
        await last.logout()
        await bench.script.sleep(3e6)
    })
    for (const board of ["a", "b"] as const) {
        const { pool, tasks } = bench.consoles[board].counters
        assert.deepEqual({ pool, tasks }, WHOLE, board)
        assert.ok(!bench.said(other(board), /took over/))
    }
    assert.ok(bench.isMirrored)
})
