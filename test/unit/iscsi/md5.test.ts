/** MD5 of one block, against Node's. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import fc from "fast-check"
import { bytes, useDeviceScript } from "../../support/devicescript.ts"

useDeviceScript()
const { md5, MD5_MESSAGE_MAX } = await import("../../../src/iscsi/md5.ts")

const block = fc.uint8Array({ maxLength: MD5_MESSAGE_MAX })
const noPause = async () => {}

test("every message of a block has the digest that Node finds", () =>
    fc.assert(
        fc.asyncProperty(block, async message => {
            const hex = Buffer.from(message).toString("hex")
            const expected = createHash("md5").update(message).digest("hex")
            const sum = await md5(bytes(hex), noPause)
            assert.equal(sum.toString("hex"), expected)
        }),
        { seed: 17, numRuns: 500 },
    ))
