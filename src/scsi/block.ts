/** Commands that move or describe blocks: SBC-3 chapter 5. */
import { get16, get24, get32, put32 } from "../wire/bytes"
import { BYTCHK, FUA, READ_CAPACITY_16, Sense } from "../wire/scsi"
import {
    fail,
    force,
    Outcome,
    reply,
    replyWith,
    setRange,
    unit,
} from "./request"

/** RDPROTECT, WRPROTECT, VRPROTECT: this unit has no protection. */
const PROTECT = 0xe0

/** Where a CDB of 10, 12 or 16 bytes has its LBA and its length. */
function range10(b: Buffer, at: number, ok: Outcome): Outcome {
    return setRange(get32(b, at + 2), get16(b, at + 7), ok)
}

function range12(b: Buffer, at: number, ok: Outcome): Outcome {
    return setRange(get32(b, at + 2), get32(b, at + 6), ok)
}

function range16(b: Buffer, at: number, ok: Outcome): Outcome {
    // no volume has 2^32 blocks
    if (get32(b, at + 2) !== 0) return fail(Sense.LbaOutOfRange)
    return setRange(get32(b, at + 6), get32(b, at + 10), ok)
}

function range6(b: Buffer, at: number, ok: Outcome): Outcome {
    const count = b[at + 4]
    // zero means 256 here, and here only
    return setRange(get24(b, at + 1) & 0x1fffff, count || 256, ok)
}

/** READ and WRITE: protection is refused, FUA obeyed. */
function flags(b: Buffer, at: number): boolean {
    const f = b[at + 1]
    if (f & FUA) force()
    return (f & PROTECT) === 0
}

export function read6(b: Buffer, at: number): Outcome {
    return range6(b, at, Outcome.Read)
}

export function write6(b: Buffer, at: number): Outcome {
    return range6(b, at, Outcome.Write)
}

export function read10(b: Buffer, at: number): Outcome {
    if (!flags(b, at)) return fail(Sense.InvalidField)
    return range10(b, at, Outcome.Read)
}

export function write10(b: Buffer, at: number): Outcome {
    if (!flags(b, at)) return fail(Sense.InvalidField)
    return range10(b, at, Outcome.Write)
}

export function read12(b: Buffer, at: number): Outcome {
    if (!flags(b, at)) return fail(Sense.InvalidField)
    return range12(b, at, Outcome.Read)
}

export function write12(b: Buffer, at: number): Outcome {
    if (!flags(b, at)) return fail(Sense.InvalidField)
    return range12(b, at, Outcome.Write)
}

export function read16(b: Buffer, at: number): Outcome {
    if (!flags(b, at)) return fail(Sense.InvalidField)
    return range16(b, at, Outcome.Read)
}

export function write16(b: Buffer, at: number): Outcome {
    if (!flags(b, at)) return fail(Sense.InvalidField)
    return range16(b, at, Outcome.Write)
}

/** Whether blocks can be read; comparing (BYTCHK) is not offered. */
function verifies(b: Buffer, at: number): boolean {
    return (b[at + 1] & (PROTECT | BYTCHK)) === 0
}

export function verify10(b: Buffer, at: number): Outcome {
    if (!verifies(b, at)) return fail(Sense.InvalidField)
    return range10(b, at, Outcome.Verify)
}

export function verify12(b: Buffer, at: number): Outcome {
    if (!verifies(b, at)) return fail(Sense.InvalidField)
    return range12(b, at, Outcome.Verify)
}

export function verify16(b: Buffer, at: number): Outcome {
    if (!verifies(b, at)) return fail(Sense.InvalidField)
    return range16(b, at, Outcome.Verify)
}

/** All of the log is flushed, whatever the range; IMMED does not wait. */
export function synchronizeCache10(b: Buffer, at: number): Outcome {
    const ok = range10(b, at, Outcome.Flush)
    if (ok === Outcome.Failed) return ok
    return b[at + 1] & 0x02 ? Outcome.Good : Outcome.Flush
}

export function synchronizeCache16(b: Buffer, at: number): Outcome {
    const ok = range16(b, at, Outcome.Flush)
    if (ok === Outcome.Failed) return ok
    return b[at + 1] & 0x02 ? Outcome.Good : Outcome.Flush
}

export function readCapacity10(b: Buffer, at: number): Outcome {
    // without PMI the LBA must be zero
    if ((b[at + 8] & 1) === 0 && b.getAt(at + 2, "u32") !== 0)
        return fail(Sense.InvalidField)
    put32(reply, 0, unit.volume.blocks - 1)
    put32(reply, 4, 512)
    return replyWith(8, 8)
}

export function serviceActionIn16(b: Buffer, at: number): Outcome {
    if ((b[at + 1] & 0x1f) !== READ_CAPACITY_16) return fail(Sense.InvalidField)
    reply.fillAt(0, 32, 0)
    put32(reply, 4, unit.volume.blocks - 1)
    put32(reply, 8, 512)
    // three: 2^3 blocks are a physical block, the unit that moves best
    reply[13] = 3
    return replyWith(32, get32(b, at + 10))
}
