/** Whether the self-test names what is broken, and nothing else. */
import { BOARD_NAMES, other, type BoardName } from "../bench/pair.ts"
import type { Finding } from "./desk.ts"
import type { Named, WiringFault } from "./fault.ts"

/** What must fail at each board. */
function namedAt(
    fault: WiringFault | undefined,
    where: BoardName,
): Record<BoardName, Named> {
    const all = { a: {}, b: {} } as Record<BoardName, Named>
    all[where] = fault?.own ?? {}
    all[other(where)] = fault?.partner ?? {}
    return all
}

/**
 * @param where the board on which the fault is
 * @returns what is wrong with the self-test's lines
 */
export function mistakes(
    fault: WiringFault | undefined,
    where: BoardName,
    found: Record<BoardName, Finding>,
): string[] {
    const named = namedAt(fault, where)
    return BOARD_NAMES.flatMap(board => {
        const isDead = fault?.partnerIsDead && board !== where
        if (isDead) return []
        return mistakesAt(board, named[board], found[board])
    })
}

function mistakesAt(board: BoardName, named: Named, found: Finding): string[] {
    const wrong: string[] = []
    for (const [check, words] of Object.entries(named)) {
        const line = found.checks.find(c => c.name === check)
        if (line?.outcome !== "fail" || !words.test(line.text))
            wrong.push(`${board}: ${check} should fail and say ${words}`)
    }
    for (const { name, outcome, text } of found.checks)
        if (outcome === "fail" && !(name in named))
            wrong.push(`${board}: false alarm: ${name}: ${text}`)
    const count = found.checks.filter(c => c.outcome !== "pass").length
    const end = count
        ? `selftest failed: ${count} of ${found.checks.length}`
        : "selftest passed"
    if (found.end !== end)
        wrong.push(`${board}: should end with "${end}", not ${found.end}`)
    return wrong
}
