/**
 * What mirrored writes and reads may cost a board, counted on the VM. The
 * limits are above what is measured today, so that a change that makes them
 * dearer is seen; lower them when they become cheaper.
 */
import assert from "node:assert/strict"
import { test } from "node:test"
import {
    idleCost,
    operationCost,
    type Cost,
    type OperationCost,
} from "../../devs/measure/cost.ts"
import { buildProgram } from "../../devs/vm/program.ts"

type Limits = Pick<Cost, "opcodes" | "spiTransfers" | "spiBytes">
type Role = "home" | "partner"

const OPS = 100
/** As many in flight as a session's window lets through: no board idles. */
const DEPTH = 8

const LIMITS: Record<OperationCost["kind"], Record<Role, Limits>> = {
    write: {
        home: { opcodes: 9_500, spiTransfers: 39, spiBytes: 16_000 },
        partner: { opcodes: 6_950, spiTransfers: 31, spiBytes: 11_500 },
    },
    read: {
        home: { opcodes: 6_200, spiTransfers: 20, spiBytes: 10_500 },
        partner: { opcodes: 2_650, spiTransfers: 6, spiBytes: 300 },
    },
}
/** A second in which nobody asks for anything: heartbeat, watching, comparing. */
const IDLE_LIMITS: Limits = {
    opcodes: 103_000,
    spiTransfers: 300,
    spiBytes: 12_000,
}

function assertWithin(what: string, cost: Cost, limits: Limits) {
    for (const key of Object.keys(limits) as (keyof Limits)[])
        assert.ok(
            cost[key] <= limits[key],
            `${what}: ${cost[key].toFixed(1)} ${key}, at most ${limits[key]}`,
        )
}

for (const kind of ["write", "read"] as const)
    test(`a mirrored 4 KiB ${kind} keeps its budget on both boards`, async () => {
        const cost = await operationCost(buildProgram(), kind, DEPTH, OPS)
        for (const role of ["home", "partner"] as const)
            assertWithin(role, cost[role], LIMITS[kind][role])
    })

test("a board that is asked nothing keeps its budget", () => {
    assertWithin("idle", idleCost(buildProgram()), IDLE_LIMITS)
})
