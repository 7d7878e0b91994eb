/** The self-test's lines on a console; SPEC.md has them all. */

export type Outcome = "pass" | "fail" | "skip"

export interface Check {
    name: string
    outcome: Outcome
    /** of a check that passed, key=value; else what to look at */
    text: string
}

const CHECK = /^check (\S+) (pass|fail|skip):? ?(.*)$/
const END = /^selftest (passed|failed)/

/** @returns the check that a line is about */
export function takeCheck(text: string): Check | undefined {
    const [, name, outcome, rest] = CHECK.exec(text) ?? []
    if (!name) return undefined
    return { name, outcome: outcome as Outcome, text: rest }
}

/** Whether a line is the last one of a run. */
export function isEnd(text: string): boolean {
    return END.test(text)
}
