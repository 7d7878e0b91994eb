/**
 * What goes over a board's USB serial port: text, with Jacdac frames in between
 * (jacdac-c, `jd_usb.c`). A byte of value 0xfe is a quote: what stands behind it
 * begins or ends a frame, or is 0xfe itself.
 */
import { crc16 } from "../vm/jacdac.ts"

const QUOTE = 0xfe
enum Quoted {
    Literal = 0xf8,
    Reserved = 0xf9,
    /** text was lost here */
    TextGap = 0xfa,
    /** frames were lost here */
    FrameGap = 0xfb,
    FrameStart = 0xfc,
    FrameEnd = 0xfd,
}

const FRAME_HEADER = 12
/** The size byte counts what is behind the header. */
const SIZE = 2
const MAX_FRAME = FRAME_HEADER + 240

/** @returns the bytes of a frame on the line */
export function quoteFrame(frame: Uint8Array): Uint8Array {
    const start = [QUOTE, Quoted.FrameStart]
    return Uint8Array.from([...start, ...quote(frame), QUOTE, Quoted.FrameEnd])
}

/** @returns the bytes of text on the line */
export function quoteText(text: string): Uint8Array {
    return Uint8Array.from(quote(Buffer.from(text)))
}

function quote(bytes: Uint8Array): number[] {
    return [...bytes].flatMap(b => (b === QUOTE ? [b, Quoted.Literal] : b))
}

export interface LineHandlers {
    text(bytes: Uint8Array): void
    /** whole, and with the right checksum */
    frame(frame: Uint8Array): void
}

/** Takes what comes over the line apart. Damaged frames are dropped. */
export class LineReader {
    private isQuoted = false
    private frame?: number[]
    private text: number[] = []

    constructor(private readonly handlers: LineHandlers) {}

    push(bytes: Uint8Array) {
        for (const byte of bytes) this.byte(byte)
        this.flush()
    }

    private byte(byte: number) {
        if (!this.isQuoted) {
            if (byte === QUOTE) this.isQuoted = true
            else this.put(byte)
            return
        }
        this.isQuoted = false
        if (byte === Quoted.Literal) this.put(QUOTE)
        else if (byte === Quoted.FrameStart) {
            this.flush()
            this.frame = []
        } else if (byte === Quoted.FrameEnd) this.end()
        else if (byte < Quoted.Reserved || byte > Quoted.FrameGap) {
            // no quote at all: a board that has just restarted
            this.frame = undefined
            this.put(QUOTE)
            if (byte === QUOTE) this.isQuoted = true
            else this.put(byte)
        }
    }

    private put(byte: number) {
        if (!this.frame) this.text.push(byte)
        else if (this.frame.length < MAX_FRAME) this.frame.push(byte)
        else this.frame = undefined
    }

    private end() {
        const { frame } = this
        this.frame = undefined
        if (!frame || frame.length < FRAME_HEADER) return
        const size = FRAME_HEADER + frame[SIZE]
        if (frame.length < size) return
        const whole = Uint8Array.from(frame.slice(0, size))
        const crc = whole[0] | (whole[1] << 8)
        if (crc16(whole.subarray(2)) === crc) this.handlers.frame(whole)
    }

    private flush() {
        if (!this.text.length) return
        this.handlers.text(Uint8Array.from(this.text))
        this.text = []
    }
}
