/** Programs from outside that tests run; what happens when one is missing. */
import assert from "node:assert/strict"
import { spawn, spawnSync, type ChildProcess } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import path from "node:path"
import type { TestContext } from "node:test"

/** Debian's packages that have them. */
const PACKAGES = {
    "iscsi-ls": "libiscsi-bin",
    "qemu-img": "qemu-utils qemu-block-extra",
    "qemu-io": "qemu-utils qemu-block-extra",
    tgtd: "tgt",
    tgtadm: "tgt",
    "mkfs.ext4": "e2fsprogs",
    e2fsck: "e2fsprogs",
    sfdisk: "fdisk",
    tmux: "tmux",
    curl: "curl",
}
export type Tool = keyof typeof PACKAGES

/** Where Debian keeps them; not all of it is in everybody's PATH. */
const ENV = {
    ...process.env,
    LC_ALL: "C",
    PATH: `${process.env.PATH}:/usr/sbin:/sbin`,
}

function isMissing(tool: Tool): boolean {
    const isQemu = tool.startsWith("qemu")
    // QEMU's iSCSI driver is a package of its own
    const args = isQemu ? ["info", "iscsi://127.0.0.1:1/none/0"] : ["--version"]
    const program = isQemu ? "qemu-img" : tool
    const run = spawnSync(program, args, { env: ENV, encoding: "utf8" })
    return !!run.error || /Unknown protocol/.test(run.stderr)
}

/**
 * Options for a test that needs programs. Without them it is skipped, which
 * is said; but where `CI` is set they have to be there.
 */
export function needs(...tools: Tool[]): { skip?: string } {
    const missing = tools.filter(isMissing)
    if (!missing.length) return {}
    const packages = [...new Set(missing.map(t => PACKAGES[t]))].join(" ")
    const why = `${missing.join(", ")} missing: apt-get install ${packages}`
    if (process.env.CI) throw new Error(why)
    console.error(`NOT TESTED: ${why}`)
    return { skip: why }
}

interface StartOptions {
    cwd?: string
    env?: NodeJS.ProcessEnv
    /** What it starts itself does not outlive the test either. */
    detached?: boolean
}

/** Starts a program; it does not outlive the test. */
export function start(
    t: TestContext,
    program: string,
    args: string[],
    options: StartOptions = {},
) {
    const child = spawn(program, args, {
        ...options,
        env: { ...ENV, ...options.env },
        stdio: "pipe",
    })
    const gone = new Promise(done => child.once("close", done))
    t.after(() => {
        // one that could not be started closes as well
        if (options.detached) killGroup(child)
        else child.kill("SIGKILL")
        return gone
    })
    return child
}

/** Kills a program that leads a group, and all of that, if any is left. */
function killGroup({ pid }: ChildProcess) {
    try {
        if (pid) process.kill(-pid, "SIGKILL")
    } catch (e) {
        if ((e as NodeJS.ErrnoException).code !== "ESRCH") throw e
    }
}

export interface Ended {
    code: number | null
    stdout: string
    stderr: string
}

/** What a program says, and its exit code, when it has ended. */
export function ended(child: ChildProcess): Promise<Ended> {
    let stdout = ""
    let stderr = ""
    child.stdout?.on("data", d => (stdout += d))
    child.stderr?.on("data", d => (stderr += d))
    return new Promise((resolve, reject) => {
        child.on("error", reject)
        child.on("close", code => resolve({ code, stdout, stderr }))
    })
}

/** Runs a program to its end, which must be a good one. @returns its output */
export async function run(
    t: TestContext,
    program: string,
    args: string[],
    env: NodeJS.ProcessEnv = {},
): Promise<string> {
    const { code, stdout, stderr } = await ended(
        start(t, program, args, { env }),
    )
    const line = [program, ...args].join(" ")
    assert.equal(code, 0, `${line}\n${stdout}${stderr}`)
    return stdout
}

/** A folder that is gone after the test. */
export function temporaryFolder(t: TestContext): string {
    const dir = mkdtempSync(path.join(tmpdir(), "twinstore-"))
    t.after(() => rmSync(dir, { recursive: true, force: true }))
    return dir
}
