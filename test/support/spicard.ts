/**
 * A card at the end of the SPI bus that answers commands as a test says, byte
 * by byte, and remembers what it was told.
 */
import { Clock, GPIOMode } from "./devicescript/core.ts"

/** Bytes that follow a command, with or without a wait before them. */
export type Answers = Record<
    number,
    (argument: number) => number[] | string | undefined
>

const IDLE = 0xff
/** On the bus in a millisecond, with all that goes with a transfer. */
const BYTES_PER_MS = 1000

export class SpiCard {
    /** commands as they came: 6 bytes each, as hex */
    readonly commands: string[] = []
    /** blocks that were written, as hex, and stop tokens */
    readonly written: string[] = []
    /** clocks that came before the card was ever selected */
    clocksUnselected = 0
    /** bytes of waiting before a response: 0 to 8 (7.5.4) */
    responseAfter = 1
    /** response to each data block, then how long it is busy, in bytes */
    dataResponse = 0xe5
    busyAfterBlock = 0
    private isSelected = false
    private outgoing: number[] = []
    private incoming?: { block: number[]; token: number }

    constructor(readonly answers: Answers) {}

    readonly cs = {
        setMode: (mode: number) => {
            this.isSelected = mode === GPIOMode.OutputLow
        },
    }

    /** One SPI transfer; full duplex, in place or not. */
    readonly spiXfer = async (tx: Buffer, rx: Buffer) => {
        await undefined
        const clock = Clock.current()
        clock.advance(clock.now + tx.length / BYTES_PER_MS)
        if (!this.isSelected && !this.commands.length)
            this.clocksUnselected += tx.length * 8
        const out = tx.slice()
        for (let i = 0; i < out.length; i++) {
            const sent = out[i]
            rx[i] = this.outgoing.shift() ?? IDLE
            if (!this.isSelected) continue
            if (this.incoming) this.takeData(sent)
            else if ((sent & 0xc0) === 0x40 && !this.outgoing.length)
                i += this.takeCommand(out, rx, i)
            else if (sent === 0xfd) this.written.push("stop")
            else if (sent === 0xfc || sent === 0xfe)
                this.incoming = { block: [], token: sent }
        }
    }

    /** @returns how many bytes more than the first it has */
    private takeCommand(out: Buffer, rx: Buffer, at: number): number {
        const command = out.slice(at, at + 6)
        this.commands.push(command.toString("hex"))
        const argument = Number("0x" + command.slice(1, 5).toString("hex"))
        const answer = this.answers[command[0] & 0x3f]?.(argument)
        for (let i = at; i < at + 6; i++) rx[i] = IDLE
        if (answer !== undefined) {
            const bytes =
                typeof answer === "string"
                    ? [...Buffer.from(answer.replace(/ /g, ""), "hex")]
                    : answer
            const wait = new Array<number>(this.responseAfter).fill(IDLE)
            this.outgoing = [...wait, ...bytes]
        }
        return 5
    }

    private takeData(sent: number) {
        const { block } = this.incoming as { block: number[] }
        block.push(sent)
        if (block.length < 514) return // with its CRC
        this.written.push(Buffer.from(block.slice(0, 512)).toString("hex"))
        const busy = new Array<number>(this.busyAfterBlock).fill(0)
        this.outgoing = [this.dataResponse, ...busy]
        this.incoming = undefined
    }
}
