/** What `npm run bundle` and `npm run flash` need to make an image. */
import { writeFileSync } from "node:fs"
import path from "node:path"
import type { TestContext } from "node:test"
import { KINDS } from "../../devs/bundle/kinds.ts"
import { standIn } from "./firmwareimage.ts"
import { run } from "./tools.ts"

/** Runs one of the repository's commands. @returns what it says */
export function npm(t: TestContext, script: string, ...args: string[]) {
    return run(t, "npm", ["run", "--silent", script, "--", ...args])
}

/** Options of both commands, with settings and a stand-in firmware in a folder. */
export async function flashOptions(
    t: TestContext,
    dir: string,
    board: "a" | "b",
    kind: string,
): Promise<string[]> {
    const settings = path.join(dir, "pair.env")
    const firmware = path.join(dir, "firmware")
    await npm(t, "setup", "--defaults", "--file", settings)
    writeFileSync(firmware, standIn(KINDS[kind]))
    const { format } = KINDS[kind]
    return [
        ...["--board", board, "--for", kind, "--settings", settings],
        ...["--firmware", firmware],
        ...["--out", path.join(dir, `${kind}-${board}.${format}`)],
    ]
}
