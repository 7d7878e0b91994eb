/** QEMU's disk exerciser, which serves iSCSI disks with libiscsi. */
import assert from "node:assert/strict"
import type { ChildProcessWithoutNullStreams } from "node:child_process"
import type { TestContext } from "node:test"
import { ended, start, type Ended } from "./tools.ts"

const PROMPT = "qemu-io> "

/** One that stays: each command is given when the last is done. */
export class QemuIo {
    private readonly child: ChildProcessWithoutNullStreams
    private readonly end: Promise<Ended>
    private output = ""
    private answered = (_: string) => {}

    private constructor(t: TestContext, url: string) {
        // no cache: a write is done when the target says so
        const args = ["-f", "raw", "-t", "none", url]
        this.child = start(t, "qemu-io", args)
        this.end = ended(this.child)
        this.child.stdout.on("data", d => {
            this.output += d
            if (!this.output.endsWith(PROMPT)) return
            const text = this.output.slice(0, -PROMPT.length)
            this.output = ""
            this.answered(text)
        })
    }

    /** Opens a disk. */
    static async open(t: TestContext, url: string): Promise<QemuIo> {
        const io = new QemuIo(t, url)
        await io.prompt()
        return io
    }

    /** Writes the same byte all over, to the medium of both cards. */
    async writeThrough(offset: number, bytes: number, value: number) {
        await this.transfer(`write -f -P ${value}`, "wrote", offset, bytes)
    }

    async write(offset: number, bytes: number, value: number) {
        await this.transfer(`write -P ${value}`, "wrote", offset, bytes)
    }

    /** Reads, and expects the same byte all over. */
    async expect(offset: number, bytes: number, value: number) {
        await this.transfer(`read -P ${value}`, "read", offset, bytes)
    }

    async flush() {
        assert.equal(await this.command("flush"), "")
    }

    /** Closes the disk. */
    async quit() {
        this.child.stdin.end("quit\n")
        assert.equal((await this.end).code, 0)
    }

    private async transfer(
        command: string,
        done: string,
        offset: number,
        bytes: number,
    ) {
        const text = await this.command(`${command} ${offset} ${bytes}`)
        assert.match(text, new RegExp(`^${done} ${bytes}/${bytes} bytes`))
        assert.doesNotMatch(text, /failed/)
    }

    private command(text: string): Promise<string> {
        const answer = this.prompt()
        this.child.stdin.write(text + "\n")
        return answer
    }

    private prompt(): Promise<string> {
        return new Promise((resolve, reject) => {
            this.answered = resolve
            this.end.then(
                e => reject(new Error(`qemu-io ended: ${e.stdout}${e.stderr}`)),
                reject,
            )
        })
    }
}
