/** A copy of the repository, to run its commands in as on a fresh clone. */
import { cpSync, symlinkSync } from "node:fs"
import path from "node:path"
import type { TestContext } from "node:test"
import { programFor, slugOf } from "../../devs/bundle/bundle.ts"
import { KINDS } from "../../devs/bundle/kinds.ts"
import { buildProgram, ROOT, SELFTEST } from "../../devs/vm/program.ts"
import { temporaryFolder } from "./tools.ts"

/** What commands need of it. */
const PARTS = [
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "devsconfig.json",
    "boards",
    "services",
    "src",
    "devs",
]
/** What a copy need not compile. Other tests compile meanwhile: not all of it. */
const COMPILED = [
    ".devicescript/main",
    ".devicescript/mainselftest",
    `.devicescript/patched/${slugOf(KINDS.esp32s3.board)}`,
]

/** @returns its folder; packages and compiled programs are the original's */
export function copyRepository(t: TestContext): string {
    for (const kind of Object.values(KINDS)) programFor(kind)
    buildProgram(SELFTEST)
    const dir = temporaryFolder(t)
    for (const part of [...PARTS, ...COMPILED])
        cpSync(path.join(ROOT, part), path.join(dir, part), {
            recursive: true,
            verbatimSymlinks: true,
        })
    symlinkSync(path.join(ROOT, "node_modules"), path.join(dir, "node_modules"))
    return dir
}
