/** What a card is about to send, byte after byte. */
import { crc16 } from "./crc.ts"
import { Token } from "./protocol.ts"

const CRC_BYTES = 2
const NOTHING = new Uint8Array(0)

export class Output {
    private bytes = NOTHING
    private at = 0

    get left() {
        return this.bytes.length - this.at
    }

    clear() {
        this.set()
    }

    /** Sends this, and nothing of what was to be sent before. */
    set(...bytes: number[]) {
        this.bytes = Uint8Array.from(bytes)
        this.at = 0
    }

    next() {
        return this.bytes[this.at++]
    }

    /** Sends as much as fits, where the host sends nothing but 0xff. */
    bulk(data: Uint8Array, from: number): number {
        const most = Math.min(data.length - from, this.left)
        let n = 0
        while (n < most && data[from + n] === 0xff) {
            data[from + n] = this.bytes[this.at + n]
            n++
        }
        this.at += n
        return n
    }

    /** Adds a data block behind a gap of so many bytes. */
    addBlock(payload: Uint8Array, gap: number) {
        const crc = crc16(payload)
        const all = new Uint8Array(this.left + gap + 1 + payload.length + 2)
        all.set(this.bytes.subarray(this.at))
        all.fill(0xff, this.left, this.left + gap)
        all[this.left + gap] = Token.Block
        all.set(payload, this.left + gap + 1)
        all.set([crc >> 8, crc & 255], all.length - 2)
        this.bytes = all
        this.at = 0
    }

    /** Flips a bit of the block that was added last, and not its CRC. */
    flipDataBit(bit: number) {
        const byte = this.bytes.length - CRC_BYTES - 1 - (bit >> 3)
        this.bytes[byte] ^= 1 << (bit & 7)
    }
}
