/** A connection's times, of a board that has run for months. */
import assert from "node:assert/strict"
import { test } from "node:test"
import type { Socket } from "../../../src/drivers/w5500.ts"
import { Clock } from "../../support/devicescript/core.ts"
import { port } from "../../support/target.ts"

const { begins, makeConn, since } = await import("../../../src/iscsi/conn.ts")

const DAY_MS = 24 * 3600 * 1000

test("a login's age is right, however long the board has run", () => {
    for (const days of [0, 49, 50, 1000])
        for (const block of [0, 1 << 5, 3 << 5]) {
            const c = makeConn(port, { block } as Socket)
            Clock.current().advance(days * DAY_MS)
            begins(c)
            Clock.current().advance(days * DAY_MS + 120)
            assert.equal(Clock.current().now - since(c), 120, `${days} days`)
        }
})
