/** Debian's `tgt`: an iSCSI target that is not ours. */
import { readFileSync, truncateSync, writeFileSync } from "node:fs"
import path from "node:path"
import type { TestContext } from "node:test"
import { OTHER } from "./live.ts"
import { ended, run, start, temporaryFolder } from "./tools.ts"

export const TGT_NAME = "iqn.2026-11.com.example:tgt"
/** LUN 0 is tgt's controller. */
export const TGT_LUN = 1
export const TGT_DISK_BYTES = 8 << 20
const CONTROL_PORT = "7"

/** A tgtd with one disk, at the address `OTHER`. */
export class Tgt {
    /** its control socket would be in /var/run otherwise */
    private readonly env: NodeJS.ProcessEnv
    private readonly disk: string

    private constructor(private readonly t: TestContext) {
        const dir = temporaryFolder(t)
        this.env = { TGT_IPC_SOCKET: path.join(dir, "socket") }
        this.disk = path.join(dir, "disk.img")
        writeFileSync(this.disk, "")
        truncateSync(this.disk, TGT_DISK_BYTES)
    }

    static async start(t: TestContext): Promise<Tgt> {
        const tgt = new Tgt(t)
        await tgt.startDaemon()
        await tgt.admin("target", "new", "--targetname", TGT_NAME)
        const disk = ["--lun", `${TGT_LUN}`, "--backing-store", tgt.disk]
        await tgt.admin("logicalunit", "new", ...disk)
        await tgt.admin("target", "bind", "--initiator-address", "ALL")
        return tgt
    }

    /** Sets what the target wants at the next login. */
    async want(keys: Record<string, string | number>) {
        for (const [key, value] of Object.entries(keys)) {
            const pair = ["--name", key, "--value", `${value}`]
            await this.admin("target", "update", ...pair)
        }
    }

    /** What is on the disk, read without SCSI. */
    onDisk(lba: number, blocks: number): Buffer {
        const all = readFileSync(this.disk)
        return all.subarray(lba * 512, (lba + blocks) * 512)
    }

    private async startDaemon() {
        const portal = `portal=${OTHER.ip}:${OTHER.port}`
        const args = ["-f", "--iscsi", portal, "-C", CONTROL_PORT]
        const daemon = start(this.t, "tgtd", args, { env: this.env })
        const tooEarly = ended(daemon).then(e => {
            throw new Error(`tgtd ended: ${e.stdout}${e.stderr}`)
        })
        tooEarly.catch(() => {}) // it always ends, mostly after the test
        await Promise.race([this.untilItAnswers(), tooEarly])
    }

    private async untilItAnswers() {
        const args = ["-C", CONTROL_PORT, "--mode", "system", "--op", "show"]
        for (;;) {
            const show = start(this.t, "tgtadm", args, { env: this.env })
            if ((await ended(show)).code === 0) return
            await new Promise(done => setTimeout(done, 20))
        }
    }

    private admin(mode: string, op: string, ...args: string[]) {
        const common = ["-C", CONTROL_PORT, "--lld", "iscsi", "--tid", "1"]
        const all = [...common, "--mode", mode, "--op", op, ...args]
        return run(this.t, "tgtadm", all, this.env)
    }
}
