/** The file with the settings of a pair: `KEY=value`, and what each is. */
import { parse } from "dotenv"
import { FIELDS, KEYS, type Key, type Values } from "./fields.ts"
import type { Problem } from "./check.ts"

/** What a file says. Fields that it has not are empty. */
export interface PairFile {
    values: Values
    /** lines that are no settings of ours */
    problems: { line: number; what: string }[]
}

const HEAD = `# Settings of a Twinstore pair. Both boards are made from this one file:
# change it, and flash both again. \`npm run setup\` asks for all of it;
# \`npm run setup -- --check\` says what is wrong.
`

export function readPairFile(text: string): PairFile {
    const found = parse(text)
    const values = Object.fromEntries(
        KEYS.map(key => [key, (found[key] ?? "").trim()]),
    ) as Values
    return { values, problems: strangeLines(text) }
}

function strangeLines(text: string): PairFile["problems"] {
    const seen = new Map<string, number>()
    return text.split(/\r?\n/).flatMap((content, k) => {
        const line = k + 1
        if (/^\s*(#|$)/.test(content)) return []
        const key = /^\s*([A-Za-z_]\w*)\s*=/.exec(content)?.[1]
        if (!key) return [{ line, what: "is no KEY=value" }]
        if (!(KEYS as readonly string[]).includes(key))
            return [{ line, what: `${key} is no setting: ${KEYS.join(", ")}` }]
        const first = seen.get(key)
        seen.set(key, line)
        return first
            ? [{ line, what: `${key} stands in line ${first} already` }]
            : []
    })
}

export function writePairFile(values: Values): string {
    const entry = (key: Key) =>
        `\n# ${FIELDS[key].about}\n${key}=${values[key]}\n`
    return HEAD + KEYS.map(entry).join("")
}

/** One line for each problem, with what it is about first. */
export function tellProblems(
    file: string,
    { problems }: PairFile,
    wrong: Problem[],
) {
    return [
        ...problems.map(({ line, what }) => `${file}:${line}: ${what}`),
        ...wrong.map(({ field, what }) => `${field}: ${what}`),
    ]
}
