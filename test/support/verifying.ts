/** An operator has two copies compared. */
import assert from "node:assert/strict"
import type { BoardName } from "../../devs/bench/pair.ts"
import type { VirtualBench } from "../../devs/bench/virtual.ts"

const LIMIT_US = 120e6

/** Has a board compare its volume's copies. @returns what it says, without progress */
export async function verified(bench: VirtualBench, board: BoardName) {
    const lines = await ordered(
        bench,
        board,
        "verify",
        /places differ$|stopped/,
    )
    return lines.filter(t => !/%$/.test(t))
}

/** Has it compare their first tenth, and stop. */
export async function verifiedFirst(bench: VirtualBench, board: BoardName) {
    await ordered(bench, board, "verify", /^10 %$/)
    await ordered(bench, board, "stop-verify", /^stopped/)
}

/** @returns what it says from the order on, until it has said what is waited for */
async function ordered(
    bench: VirtualBench,
    board: BoardName,
    order: string,
    end: RegExp,
) {
    const since = bench.world.now
    bench.pair.nodes[board].board.command(order)
    for (;;) {
        await bench.script.sleep(50_000)
        const lines = bench.consoles[board].events
            .filter(e => e.ms > since / 1000 && /^verify/.test(e.text))
            .map(e => e.text.replace(`verify of volume ${board}: `, ""))
        if (lines.some(t => end.test(t))) return lines
        assert.ok(bench.world.now - since < LIMIT_US, "it does not end")
    }
}
