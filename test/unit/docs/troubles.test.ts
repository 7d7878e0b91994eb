/** What docs/troubles.md quotes, the firmware says. */
import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { ROOT } from "../../../devs/vm/program.ts"
import { ConsoleLines } from "../../support/consolelines.ts"

const known = new ConsoleLines()
const COLUMN = "on the console"

const cells = (row: string) =>
    row
        .split("|")
        .slice(1, -1)
        .map(c => c.trim())

/** All code in the column of console lines of a document's tables. */
function quotedLines(text: string): string[] {
    let column = -1
    return text.split("\n").flatMap(row => {
        if (!row.startsWith("|")) column = -1
        else if (column < 0) column = cells(row).indexOf(COLUMN)
        const cell = column < 0 ? "" : (cells(row)[column] ?? "")
        return [...cell.matchAll(/`([^`]+)`/g)].map(m => m[1])
    })
}

test("each console line in docs/troubles.md is one of the firmware's", () => {
    const file = path.join(ROOT, "docs/troubles.md")
    const lines = quotedLines(readFileSync(file, "utf8"))
    assert.ok(lines.length > 50, `${lines.length} lines`)
    assert.deepEqual(
        lines.filter(line => !known.has(line)),
        [],
    )
})

test("a line that the firmware does not say is found", () => {
    for (const line of [
        "card was blank: formatted",
        "took over after N ms of silence",
        "took over after 86 ms of silence",
        "volume a alone epoch=N",
        "no takeover: the cable is out; serving own volume only",
        "link dropped: not our partner",
        "setting tw.board is missing",
    ])
        assert.ok(known.has(line), line)
    for (const line of [
        "card was empty: formatted",
        "took over after a while of silence",
        "volume c alone epoch=N",
        "no takeover: the cable is away; serving own volume only",
        "link dropped: not my partner",
        "setting tw.bored is missing",
    ])
        assert.ok(!known.has(line), line)
})
