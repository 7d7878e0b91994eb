/** The line to a board: opened again whenever it is lost. */
import { EventEmitter } from "node:events"
import { BridgeCommand, bridgeFrame } from "../serial/bridge.ts"
import { LineReader, quoteFrame } from "../serial/framing.ts"
import { announcingDevice, operatorFrame } from "../vm/jacdac.ts"
import { openPort, type Port } from "./port.ts"

const RETRY_MS = 500
/** What has no end of line is noise. */
const MAX_LINE = 4096

interface LineEvents {
    /** what the board prints, line by line */
    line: [string]
    /** the board listens to commands from now on */
    known: []
    /** why there is no line, once until there is one again */
    lost: [string]
}

export class BoardLine extends EventEmitter<LineEvents> {
    private port?: Port
    private retry?: NodeJS.Timeout
    private rest = ""
    /** 16 hex digits; known when the board has announced itself */
    private deviceId?: string
    private hasEnded = false
    private hasToldLoss = false

    constructor(readonly where: string) {
        super()
    }

    start() {
        this.rest = ""
        this.deviceId = undefined
        const reader = new LineReader({
            text: bytes => this.text(Buffer.from(bytes).toString("latin1")),
            frame: frame => this.frame(frame),
        })
        this.port = openPort(this.where, {
            opened: () => {
                for (const command of [
                    BridgeCommand.EnableLog,
                    BridgeCommand.EnablePackets,
                ])
                    this.port?.write(quoteFrame(bridgeFrame(command)))
            },
            data: bytes => reader.push(bytes),
            closed: why => this.closed(why),
        })
    }

    end() {
        this.hasEnded = true
        clearTimeout(this.retry)
        this.port?.close()
    }

    /** @returns false: the board has not announced itself yet */
    command(name: string): boolean {
        if (!this.deviceId) return false
        this.port?.write(quoteFrame(operatorFrame(this.deviceId, name)))
        return true
    }

    private text(text: string) {
        const lines = (this.rest + text).split(/\r?\n/)
        this.rest = (lines.pop() ?? "").slice(-MAX_LINE)
        for (const line of lines) this.emit("line", line)
    }

    private frame(frame: Uint8Array) {
        const id = announcingDevice(frame)
        if (!id || id === this.deviceId) return
        this.deviceId = id
        this.hasToldLoss = false
        this.emit("known")
    }

    private closed(why: string) {
        this.port = undefined
        this.deviceId = undefined
        if (this.hasEnded) return
        if (!this.hasToldLoss) this.emit("lost", why)
        this.hasToldLoss = true
        this.retry = setTimeout(() => this.start(), RETRY_MS)
    }
}
