/** iSCSI PDUs as an initiator makes and takes them apart; RFC 7143, 11. */

export const BHS = 48

export interface Pdu {
    bhs: Buffer
    data: Buffer
}

export const NO_TAG = 0xffffffff

/** A header with its data segment, padded. */
export function encode(bhs: Buffer, data: Uint8Array = Buffer.alloc(0)) {
    bhs.writeUIntBE(data.length, 5, 3)
    const pad = -data.length & 3
    return Buffer.concat([bhs, data, Buffer.alloc(pad)])
}

export function header(opcode: number, flags: number, itt: number) {
    const bhs = Buffer.alloc(BHS)
    bhs[0] = opcode
    bhs[1] = flags
    bhs.writeUInt32BE(itt, 16)
    return bhs
}

/** Cuts PDUs out of a stream. */
export class PduReader {
    private pending = Buffer.alloc(0)

    /** @returns the PDUs that are whole now */
    push(data: Uint8Array): Pdu[] {
        this.pending = Buffer.concat([this.pending, data])
        const pdus: Pdu[] = []
        for (;;) {
            if (this.pending.length < BHS) return pdus
            const length = this.pending.readUIntBE(5, 3)
            const start = BHS + this.pending[4] * 4
            const end = start + ((length + 3) & ~3)
            if (this.pending.length < end) return pdus
            pdus.push({
                bhs: this.pending.subarray(0, BHS),
                data: this.pending.subarray(start, start + length),
            })
            this.pending = this.pending.subarray(end)
        }
    }
}

/** `key=value` pairs, each with a zero behind. */
export function encodeText(pairs: Record<string, string | number>) {
    const text = Object.entries(pairs).map(([k, v]) => `${k}=${v}\0`)
    return Buffer.from(text.join(""))
}

export function decodeText(data: Buffer): Record<string, string> {
    const pairs = data.toString().split("\0").filter(Boolean)
    return Object.fromEntries(
        pairs.map(p => [
            p.slice(0, p.indexOf("=")),
            p.slice(p.indexOf("=") + 1),
        ]),
    )
}
