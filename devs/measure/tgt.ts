/** Debian's tgt with one volume in a file, to compare with. */
import { spawnSync } from "node:child_process"
import { truncateSync, writeFileSync } from "node:fs"
import path from "node:path"
import { Child } from "./child.ts"

export const TGT_TARGET = "iqn.2026-11.com.example:tgt"
/** Number of the socket over which tgtadm commands tgtd. */
const CONTROL = "0"
const START_LIMIT_MS = 5000
const POLL_MS = 50

/** The daemon's path, if Debian's package is installed. */
export function findTgtd(): string | undefined {
    const found = spawnSync("sh", ["-c", "command -v tgtd"], {
        encoding: "utf8",
        env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` },
    })
    return found.stdout.trim() || undefined
}

export class Tgt {
    private readonly child: Child
    private readonly tgtadm: string

    /** @param bytes size of the volume */
    static async start(tgtd: string, ip: string, port: number, bytes: number) {
        const tgt = new Tgt(tgtd, ip, port)
        try {
            await tgt.configure(bytes)
        } catch (e) {
            tgt.stop()
            throw e
        }
        return tgt
    }

    private constructor(tgtd: string, ip: string, port: number) {
        this.tgtadm = path.join(path.dirname(tgtd), "tgtadm")
        this.child = new Child(dir => ({
            program: tgtd,
            args: ["-f", "-C", CONTROL, "--iscsi", `portal=${ip}:${port}`],
            env: controlledIn(dir),
            stdio: "ignore",
        }))
    }

    private async configure(bytes: number) {
        const volume = path.join(this.child.dir, "volume.img")
        writeFileSync(volume, "")
        truncateSync(volume, bytes)
        const target = ["--mode", "target", "--tid", "1"]
        const unit = ["--mode", "logicalunit", "--tid", "1", "--lun", "1"]
        const until = Date.now() + START_LIMIT_MS
        while (!this.admin(["--op", "show", "--mode", "target"]).ok) {
            if (this.child.hasEnded || Date.now() > until)
                throw new Error("tgtd does not start: it needs root's rights")
            await new Promise(done => setTimeout(done, POLL_MS))
        }
        for (const args of [
            ["--op", "new", ...target, "-T", TGT_TARGET],
            ["--op", "new", ...unit, "-b", volume],
            ["--op", "bind", ...target, "-I", "ALL"],
        ]) {
            const { ok, text } = this.admin(args)
            if (!ok) throw new Error(`tgtadm ${args.join(" ")}: ${text}`)
        }
    }

    private admin(args: string[]) {
        const run = spawnSync(
            this.tgtadm,
            ["-C", CONTROL, "--lld", "iscsi", ...args],
            { encoding: "utf8", env: controlledIn(this.child.dir) },
        )
        return { ok: run.status === 0, text: (run.stderr ?? "").trim() }
    }

    stop() {
        this.child.stop()
    }
}

/** tgtd and tgtadm meet in this folder, apart from a tgtd of the system. */
function controlledIn(dir: string): NodeJS.ProcessEnv {
    return { ...process.env, TGT_IPC_SOCKET: path.join(dir, "socket") }
}
