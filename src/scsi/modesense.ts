/** MODE SENSE: SPC-4 6.11 and 7.5, SBC-3 6.5. */
import { get16, put16, put24, put32 } from "../wire/bytes"
import { Sense } from "../wire/scsi"
import { fail, Outcome, reply, replyWith, unit } from "./request"

/** Caching page: WCE, the writes of a pair are in two boards' memory first. */
const CACHING = hex`08 12 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00`
/** Control page: nothing is special. */
const CONTROL = hex`0a 0a 02 00 00 00 00 00 00 00 00 00`
/** Informational exceptions: none are reported. */
const EXCEPTIONS = hex`1c 0a 00 00 00 00 00 00 00 00 00 00`
const PAGES: Buffer[] = [CACHING, CONTROL, EXCEPTIONS]
const ALL_PAGES = 0x3f
const ALL_SUBPAGES = 0xff

/** Page control, in bits 6-7 of byte 2. */
const CHANGEABLE = 1
const SAVED = 3

/** Device-specific parameter: FUA is obeyed. */
const DPOFUA = 0x10
const BLOCK_DESCRIPTOR = 8

export function modeSense6(b: Buffer, at: number): Outcome {
    return modeSense(b, at, 4, b[at + 4])
}

export function modeSense10(b: Buffer, at: number): Outcome {
    return modeSense(b, at, 8, get16(b, at + 7))
}

function modeSense(
    b: Buffer,
    at: number,
    header: number,
    allocated: number,
): Outcome {
    const control = b[at + 2] >> 6
    const page = b[at + 2] & 0x3f
    const subpage = b[at + 3]
    if (control === SAVED) return fail(Sense.SavingNotSupported)
    if (subpage !== 0 && subpage !== ALL_SUBPAGES)
        return fail(Sense.InvalidField)
    reply.fillAt(0, reply.length, 0)
    let end = header
    if ((b[at + 1] & 0x08) === 0) end += putBlockDescriptor(header)
    const described = end - header
    let found = page === 0
    for (let i = 0; i < PAGES.length; ++i) {
        const p = PAGES[i]
        if (page !== ALL_PAGES && page !== p[0]) continue
        found = true
        reply.blitAt(end, p, 0, p.length)
        if (control === CHANGEABLE) reply.fillAt(end + 2, p.length - 2, 0)
        end += p.length
    }
    if (!found) return fail(Sense.InvalidField)
    if (header === 4) {
        reply[0] = end - 1
        reply[2] = DPOFUA
        reply[3] = described
    } else {
        put16(reply, 0, end - 2)
        reply[3] = DPOFUA
        put16(reply, 6, described)
    }
    return replyWith(end, allocated)
}

function putBlockDescriptor(at: number): number {
    put32(reply, at, unit.volume.blocks)
    put24(reply, at + 5, 512)
    return BLOCK_DESCRIPTOR
}
