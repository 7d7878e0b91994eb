/** Pairs for tests, and what tests say about them. */
import assert from "node:assert/strict"
import type { Initiator, Result } from "../../devs/initiator/initiator.ts"
import type { BoardName } from "../../devs/bench/pair.ts"
import { VirtualBench, type VirtualOptions } from "../../devs/bench/virtual.ts"
import { buildProgram } from "../../devs/vm/program.ts"

/** A pair that mirrors, on a virtual clock. */
export function mirroredPair(
    options: Partial<VirtualOptions> = {},
): VirtualBench {
    const bench = new VirtualBench({
        program: buildProgram(),
        seed: 1,
        ...options,
    })
    bench.boot()
    return bench
}

/** Logs in to a board's target and takes the unit attention. */
export async function loggedIn(
    bench: VirtualBench,
    board: BoardName = "a",
): Promise<Initiator> {
    const initiator = bench.initiator(board)
    await initiator.login()
    await initiator.ready()
    return initiator
}

/** Data that tell block from block: number and tag, repeated. */
export function pattern(lba: number, blocks: number, tag: number): Buffer {
    const data = Buffer.alloc(blocks * 512)
    for (let b = 0; b < blocks; b++)
        for (let at = b * 512; at < (b + 1) * 512; at += 8) {
            data.writeUInt32LE(lba + b, at)
            data.writeUInt32LE(tag, at + 4)
        }
    return data
}

export function assertGood(r: Result) {
    assert.equal(r.status, 0, `sense ${r.sense.toString(16)}`)
}

export function assertSense(r: Result, sense: number) {
    assert.equal(r.status, 2, "CHECK CONDITION is expected")
    assert.equal(r.sense.toString(16), sense.toString(16))
}
