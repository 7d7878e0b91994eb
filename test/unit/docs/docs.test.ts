/** How documents are read, before they are played. */
import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import path from "node:path"
import { test } from "node:test"
import { blocksOf, notPrinted } from "../../support/docs.ts"
import { temporaryFolder } from "../../support/tools.ts"

test("blocks have their language, their place and their lines", t => {
    const file = path.join(temporaryFolder(t), "a.md")
    writeFileSync(file, "# A\n\n```sh\nls\npwd\n```\n\n```\nx\n```\n")
    assert.deepEqual(blocksOf(file), [
        { language: "sh", line: 4, lines: ["ls", "pwd"] },
        { language: "", line: 9, lines: ["x"] },
    ])
})

const PRINTED = [
    "    4.341 b partner silent on heartbeat and link",
    "    4.361 b fencing after 95 ms of silence",
    "    4.362 a starting",
    "    4.374 b took over after 109 ms of silence",
    "read 65536/65536 bytes at offset 1048576",
]

for (const [what, lines, missing] of [
    [
        "all of it, with other numbers",
        [...PRINTED.map(l => l.replace(/\d/g, "7"))],
        undefined,
    ],
    ["some of it", [PRINTED[1], PRINTED[4]], undefined],
    ["boards in another order", [PRINTED[2], PRINTED[0]], undefined],
    ["a board's lines in another order", [PRINTED[3], PRINTED[0]], PRINTED[0]],
    ["a line twice", [PRINTED[1], PRINTED[1]], PRINTED[1]],
    ["another word", ["    4.362 a stopping"], "    4.362 a stopping"],
    ["a part of a line", ["read 65536/65536 bytes"], "read 65536/65536 bytes"],
] as [string, string[], string | undefined][])
    test(`what was printed is compared: ${what}`, () => {
        const block = { language: "console", line: 1, lines }
        assert.equal(notPrinted(block, PRINTED), missing)
    })
