/** A simulated board's USB serial port: the same bytes as a real one's. */
import { bridgeCommand, BridgeCommand, bridgeFrame } from "./bridge.ts"
import { LineReader, quoteFrame, quoteText } from "./framing.ts"

/** What a board keeps of its log until somebody listens. */
const LOG_BYTES = 4096

export interface UsbPortOptions {
    /** bytes to who listens; nobody may */
    send(bytes: Uint8Array): void
    /** a Jacdac frame for the board */
    receive(frame: Uint8Array): void
}

export class UsbPort {
    private sendsFrames = false
    private isOpen = false
    private log = ""
    private reader = this.newReader()

    constructor(private readonly opts: UsbPortOptions) {}

    /** Somebody listens, or nobody does any more. */
    setOpen(isOpen: boolean) {
        this.isOpen = isOpen
        if (!isOpen) {
            this.sendsFrames = false
            return
        }
        this.reader = this.newReader()
        if (this.log) this.opts.send(quoteText(this.log))
        this.log = ""
    }

    /** The board prints a line. */
    line(text: string) {
        if (this.isOpen) this.opts.send(quoteText(`${text}\n`))
        else this.log = (this.log + `${text}\n`).slice(-LOG_BYTES)
    }

    /** The board sends a Jacdac frame. */
    frame(frame: Uint8Array) {
        if (this.isOpen && this.sendsFrames) this.opts.send(quoteFrame(frame))
    }

    /** Bytes from who listens. */
    push(bytes: Uint8Array) {
        this.reader.push(bytes)
    }

    /** What a board knew is gone with its power. */
    reset() {
        this.sendsFrames = false
        this.log = ""
    }

    private newReader() {
        return new LineReader({
            text: () => {},
            frame: f => {
                const command = bridgeCommand(f)
                if (command === undefined) this.opts.receive(f)
                else this.obey(command)
            },
        })
    }

    private obey(command: number) {
        if (command === BridgeCommand.EnablePackets) this.sendsFrames = true
        if (command === BridgeCommand.DisablePackets) this.sendsFrames = false
        const isKnown =
            command >= BridgeCommand.DisablePackets &&
            command <= BridgeCommand.EnableLog
        const answer = isKnown ? command : BridgeCommand.Unknown
        this.opts.send(quoteFrame(bridgeFrame(answer)))
    }
}
